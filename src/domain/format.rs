//! Document formats: their names, extensions, media types, and the lane that converts them.

use super::{lane::Lane, words::words};

words! {
    /// What a document is.
    pub enum Format {
        /// Portable Document Format.
        Pdf = "pdf",
        /// JPEG image.
        Jpeg = "jpeg",
        /// PNG image.
        Png = "png",
        /// TIFF image, one or more pages.
        Tiff = "tiff",
        /// GIF image.
        Gif = "gif",
        /// Windows bitmap.
        Bmp = "bmp",
        /// WebP image.
        Webp = "webp",
        /// JPEG 2000 image.
        Jp2 = "jp2",
        /// JBIG2 image, one or more pages.
        Jbig2 = "jbig2",
        /// HEIF image.
        Heic = "heic",
        /// AV1 image.
        Avif = "avif",
        /// SVG drawing.
        Svg = "svg",
        /// Windows metafile or enhanced metafile.
        Metafile = "wmf",
        /// Photoshop document.
        Psd = "psd",
        /// Plain text.
        Text = "text",
        /// Markdown text.
        Markdown = "markdown",
        /// Comma-separated values.
        Csv = "csv",
        /// Word 97 to 2003.
        Doc = "doc",
        /// Word, Office Open XML.
        Docx = "docx",
        /// Rich Text Format.
        Rtf = "rtf",
        /// Word 2003 XML.
        WordXml = "word-xml",
        /// Excel 5 to 2003.
        Xls = "xls",
        /// Excel, Office Open XML.
        Xlsx = "xlsx",
        /// Excel binary workbook.
        Xlsb = "xlsb",
        /// Excel 2003 XML.
        ExcelXml = "excel-xml",
        /// PowerPoint 97 to 2003.
        Ppt = "ppt",
        /// PowerPoint, Office Open XML.
        Pptx = "pptx",
        /// OpenDocument text.
        Odt = "odt",
        /// OpenDocument spreadsheet.
        Ods = "ods",
        /// OpenDocument presentation.
        Odp = "odp",
        /// OpenDocument drawing.
        Odg = "odg",
        /// Flat OpenDocument text.
        Fodt = "fodt",
        /// Flat OpenDocument spreadsheet.
        Fods = "fods",
        /// Flat OpenDocument presentation.
        Fodp = "fodp",
        /// Office Open XML or OLE file under a password; which kind is known only when it is open.
        EncryptedOffice = "encrypted-office",
        /// HTML.
        Html = "html",
        /// Web archive.
        Mhtml = "mhtml",
        /// Mail message.
        Eml = "eml",
        /// Outlook message.
        Msg = "msg",
        /// Outlook rich text attachment container.
        Tnef = "tnef",
        /// Mailbox.
        Mbox = "mbox",
        /// ZIP archive.
        Zip = "zip",
        /// XML that is none of the others.
        Xml = "xml",
        /// None that we know.
        Unknown = "unknown",
    }
}

impl Format {
    /// The lane whose engines convert this format, or `None` when none does.
    pub const fn lane(self) -> Option<Lane> {
        match self {
            Self::Pdf
            | Self::Jpeg
            | Self::Png
            | Self::Tiff
            | Self::Gif
            | Self::Bmp
            | Self::Webp
            | Self::Jp2
            | Self::Jbig2
            | Self::Heic
            | Self::Avif
            | Self::Psd
            | Self::Svg
            | Self::Text
            | Self::Markdown
            | Self::Csv
            | Self::Zip
            | Self::Eml
            | Self::Msg
            | Self::Tnef
            | Self::Mbox
            | Self::Xml => Some(Lane::Native),
            Self::Doc
            | Self::Docx
            | Self::Rtf
            | Self::WordXml
            | Self::Xls
            | Self::Xlsx
            | Self::Xlsb
            | Self::ExcelXml
            | Self::Ppt
            | Self::Pptx
            | Self::Odt
            | Self::Ods
            | Self::Odp
            | Self::Odg
            | Self::Fodt
            | Self::Fods
            | Self::Fodp
            | Self::EncryptedOffice
            | Self::Metafile => Some(Lane::Office),
            Self::Html | Self::Mhtml => Some(Lane::Browser),
            Self::Unknown => None,
        }
    }

    /// A name for messages, as in "a Word document".
    pub const fn described(self) -> &'static str {
        match self {
            Self::Pdf => "a PDF",
            Self::Jpeg => "a JPEG image",
            Self::Png => "a PNG image",
            Self::Tiff => "a TIFF image",
            Self::Gif => "a GIF image",
            Self::Bmp => "a BMP image",
            Self::Webp => "a WebP image",
            Self::Jp2 => "a JPEG 2000 image",
            Self::Jbig2 => "a JBIG2 image",
            Self::Heic => "a HEIF image",
            Self::Avif => "an AVIF image",
            Self::Svg => "an SVG drawing",
            Self::Metafile => "a Windows metafile",
            Self::Psd => "a Photoshop image",
            Self::Text => "plain text",
            Self::Markdown => "Markdown text",
            Self::Csv => "a CSV table",
            Self::Doc | Self::Docx | Self::WordXml => "a Word document",
            Self::Rtf => "an RTF document",
            Self::Xls | Self::Xlsx | Self::Xlsb | Self::ExcelXml => "an Excel workbook",
            Self::Ppt | Self::Pptx => "a PowerPoint presentation",
            Self::Odt | Self::Fodt => "an OpenDocument text",
            Self::Ods | Self::Fods => "an OpenDocument spreadsheet",
            Self::Odp | Self::Fodp => "an OpenDocument presentation",
            Self::Odg => "an OpenDocument drawing",
            Self::EncryptedOffice => "an encrypted Office document",
            Self::Html => "an HTML page",
            Self::Mhtml => "a web archive",
            Self::Eml => "a mail message",
            Self::Msg => "an Outlook message",
            Self::Tnef => "an Outlook attachment container",
            Self::Mbox => "a mailbox",
            Self::Zip => "a ZIP archive",
            Self::Xml => "an XML file",
            Self::Unknown => "of an unknown type",
        }
    }

    /// The media type of such a file.
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Tiff => "image/tiff",
            Self::Gif => "image/gif",
            Self::Bmp => "image/bmp",
            Self::Webp => "image/webp",
            Self::Jp2 => "image/jp2",
            Self::Jbig2 => "image/x-jbig2",
            Self::Heic => "image/heic",
            Self::Avif => "image/avif",
            Self::Svg => "image/svg+xml",
            Self::Metafile => "image/wmf",
            Self::Psd => "image/vnd.adobe.photoshop",
            Self::Text => "text/plain",
            Self::Markdown => "text/markdown",
            Self::Csv => "text/csv",
            Self::Doc => "application/msword",
            Self::Docx => "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            Self::Rtf => "application/rtf",
            Self::Xls => "application/vnd.ms-excel",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Self::Xlsb => "application/vnd.ms-excel.sheet.binary.macroEnabled.12",
            Self::Ppt => "application/vnd.ms-powerpoint",
            Self::Pptx => "application/vnd.openxmlformats-officedocument.presentationml.presentation",
            Self::Odt | Self::Fodt => "application/vnd.oasis.opendocument.text",
            Self::Ods | Self::Fods => "application/vnd.oasis.opendocument.spreadsheet",
            Self::Odp | Self::Fodp => "application/vnd.oasis.opendocument.presentation",
            Self::Odg => "application/vnd.oasis.opendocument.graphics",
            Self::Html => "text/html",
            Self::Mhtml => "multipart/related",
            Self::Eml => "message/rfc822",
            Self::Msg => "application/vnd.ms-outlook",
            Self::Tnef => "application/ms-tnef",
            Self::Mbox => "application/mbox",
            Self::Zip => "application/zip",
            Self::WordXml | Self::ExcelXml | Self::Xml => "application/xml",
            Self::EncryptedOffice | Self::Unknown => "application/octet-stream",
        }
    }

    /// What a file name says the format is, by its extension; letters of either case.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let (_, extension) = name.rsplit_once('.')?;
        Some(match extension.to_ascii_lowercase().as_str() {
            "pdf" => Self::Pdf,
            "jpg" | "jpeg" | "jfif" | "jpe" => Self::Jpeg,
            "png" => Self::Png,
            "tif" | "tiff" => Self::Tiff,
            "gif" => Self::Gif,
            "bmp" | "dib" => Self::Bmp,
            "webp" => Self::Webp,
            "jp2" | "jpx" | "jpf" | "j2k" => Self::Jp2,
            "jb2" | "jbig2" => Self::Jbig2,
            "heic" | "heif" => Self::Heic,
            "avif" => Self::Avif,
            "svg" | "svgz" => Self::Svg,
            "wmf" | "emf" => Self::Metafile,
            "psd" => Self::Psd,
            "txt" | "text" | "log" => Self::Text,
            "md" | "markdown" => Self::Markdown,
            "csv" | "tsv" => Self::Csv,
            "doc" | "dot" => Self::Doc,
            "docx" | "docm" | "dotx" | "dotm" => Self::Docx,
            "rtf" => Self::Rtf,
            "xls" | "xlt" => Self::Xls,
            "xlsx" | "xlsm" | "xltx" | "xltm" => Self::Xlsx,
            "xlsb" => Self::Xlsb,
            "ppt" | "pps" | "pot" => Self::Ppt,
            "pptx" | "pptm" | "ppsx" | "ppsm" | "potx" | "potm" => Self::Pptx,
            "odt" | "ott" => Self::Odt,
            "ods" | "ots" => Self::Ods,
            "odp" | "otp" => Self::Odp,
            "odg" | "otg" => Self::Odg,
            "fodt" => Self::Fodt,
            "fods" => Self::Fods,
            "fodp" => Self::Fodp,
            "htm" | "html" | "xhtml" => Self::Html,
            "mht" | "mhtml" => Self::Mhtml,
            "eml" => Self::Eml,
            "msg" => Self::Msg,
            "tnef" => Self::Tnef,
            "mbox" => Self::Mbox,
            "zip" => Self::Zip,
            "xml" => Self::Xml,
            "dat" if name.eq_ignore_ascii_case("winmail.dat") => Self::Tnef,
            _ => return None,
        })
    }

    /// What a declared media type says the format is; parameters are ignored.
    pub fn from_media_type(media_type: &str) -> Option<Self> {
        let essence = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        Some(match essence.as_str() {
            "application/pdf" => Self::Pdf,
            "image/jpeg" => Self::Jpeg,
            "image/png" => Self::Png,
            "image/tiff" => Self::Tiff,
            "image/gif" => Self::Gif,
            "image/bmp" | "image/x-ms-bmp" => Self::Bmp,
            "image/webp" => Self::Webp,
            "image/jp2" | "image/jpx" => Self::Jp2,
            "image/jbig2" | "image/x-jbig2" => Self::Jbig2,
            "image/heic" | "image/heif" => Self::Heic,
            "image/avif" => Self::Avif,
            "image/svg+xml" => Self::Svg,
            "text/plain" => Self::Text,
            "text/markdown" => Self::Markdown,
            "text/csv" => Self::Csv,
            "text/html" | "application/xhtml+xml" => Self::Html,
            "text/xml" | "application/xml" => Self::Xml,
            "application/rtf" | "text/rtf" => Self::Rtf,
            "application/msword" => Self::Doc,
            "application/vnd.ms-excel" => Self::Xls,
            "application/vnd.ms-powerpoint" => Self::Ppt,
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document" => Self::Docx,
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" => Self::Xlsx,
            "application/vnd.openxmlformats-officedocument.presentationml.presentation" => Self::Pptx,
            "application/vnd.oasis.opendocument.text" => Self::Odt,
            "application/vnd.oasis.opendocument.spreadsheet" => Self::Ods,
            "application/vnd.oasis.opendocument.presentation" => Self::Odp,
            "message/rfc822" => Self::Eml,
            "application/vnd.ms-outlook" => Self::Msg,
            "application/ms-tnef" | "application/vnd.ms-tnef" => Self::Tnef,
            "application/mbox" => Self::Mbox,
            "application/zip" | "application/x-zip-compressed" => Self::Zip,
            _ => return None,
        })
    }
}
