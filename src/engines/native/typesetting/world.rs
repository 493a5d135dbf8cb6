//! What Typst sees of the world while it sets one sheet.

use std::collections::HashMap;

use typst::{
    Library, World,
    diag::{FileError, FileResult},
    foundations::{Bytes, Datetime, Duration},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    text::{Font, FontBook},
    utils::LazyHash,
};

use super::{BASE, Error, Fonts, Sheet, internal};

/// A sheet, what it reads, and the fonts.
pub(super) struct Desk {
    fonts: Fonts,
    main: Source,
    base: Source,
    files: HashMap<FileId, Bytes>,
}

impl Desk {
    pub(super) fn new(sheet: Sheet, fonts: Fonts) -> Result<Self, Error> {
        let data = serde_json::to_vec(&sheet.data).map_err(|_| internal("write the data of a sheet"))?;
        let numbered = sheet.files.into_iter().enumerate().map(|(index, file)| (format!("/file/{index}"), file));
        let files = numbered.chain([("/data.json".to_owned(), data)]);
        Ok(Self {
            fonts,
            main: Source::new(id("/main.typ")?, sheet.template.to_owned()),
            base: Source::new(id("/base.typ")?, BASE.to_owned()),
            files: files.map(|(name, file)| Ok((id(&name)?, Bytes::new(file)))).collect::<Result<_, Error>>()?,
        })
    }
}

fn id(name: &str) -> Result<FileId, Error> {
    let path = VirtualPath::new(name).map_err(|_| internal("name a file of a sheet"))?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

impl World for Desk {
    fn library(&self) -> &LazyHash<Library> {
        self.fonts.library()
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let known = [&self.main, &self.base].into_iter().find(|source| source.id() == id);
        known.cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.get(&id).cloned().ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
