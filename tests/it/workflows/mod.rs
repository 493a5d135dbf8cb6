//! What becomes of documents, through the API and a real worker.

mod archive;
mod children;
mod children_collected;
mod custom;
mod disturbed;
mod dossier;
mod drawn_in_pieces;
mod events;
mod expire;
mod invoice;
mod late;
mod mail;
mod merge;
mod metadata;
mod options;
mod other_files;
mod profiles;
mod recognise;
mod refused;
mod sign;
mod signed;
mod smaller;
mod stop;
mod time_stamps;
mod unpack;
