//! Engines that are code of ours: pictures, and text set by Typst.

pub mod images;
pub mod text;
