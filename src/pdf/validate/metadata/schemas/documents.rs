//! What is said of documents: Dublin Core, the schemas of XMP itself, Adobe PDF, and the identification of PDF/A.

use super::{Edition, Table, namespace};

/// The schemas.
pub(super) const TABLES: &[Table] = &[
    Table::all(namespace::PDFA_ID, &[("part", "Integer"), ("amd", "Text"), ("conformance", "Text")]),
    Table::only(Edition::Of2005, namespace::PDFA_ID, &[("corr", "Text")]),
    Table::all(namespace::DC, DUBLIN_CORE),
    Table::all(namespace::XMP, BASIC),
    Table::only(Edition::Of2005, namespace::XMP, &[("Label", "Text"), ("Rating", "Real")]),
    Table::all("http://ns.adobe.com/xap/1.0/rights/", RIGHTS),
    Table::all("http://ns.adobe.com/xap/1.0/mm/", MEDIA_MANAGEMENT),
    Table::all("http://ns.adobe.com/xap/1.0/bj/", &[("JobRef", "bag Job")]),
    Table::all(PAGED_TEXT, &[("MaxPageSize", "Dimensions"), ("NPages", "Integer")]),
    Table::only(
        Edition::Of2005,
        PAGED_TEXT,
        &[("Fonts", "bag Font"), ("Colorants", "seq Colorant"), ("PlateNames", "seq Text")],
    ),
    Table::all(namespace::PDF, &[("Keywords", "Text"), ("PDFVersion", "Text"), ("Producer", "AgentName")]),
];

const PAGED_TEXT: &str = "http://ns.adobe.com/xap/1.0/t/pg/";

const DUBLIN_CORE: &[(&str, &str)] = &[
    ("contributor", "bag ProperName"),
    ("coverage", "Text"),
    ("creator", "seq ProperName"),
    ("date", "seq Date"),
    ("description", "Lang Alt"),
    ("format", "MIMEType"),
    ("identifier", "Text"),
    ("language", "bag Locale"),
    ("publisher", "bag ProperName"),
    ("relation", "bag Text"),
    ("rights", "Lang Alt"),
    ("source", "Text"),
    ("subject", "bag Text"),
    ("title", "Lang Alt"),
    ("type", "bag Text"),
];

const BASIC: &[(&str, &str)] = &[
    ("Advisory", "bag Text"),
    ("BaseURL", "URL"),
    ("CreateDate", "Date"),
    ("CreatorTool", "AgentName"),
    ("Identifier", "bag Text"),
    ("MetadataDate", "Date"),
    ("ModifyDate", "Date"),
    ("Nickname", "Text"),
    ("Thumbnails", "alt Thumbnail"),
];

const RIGHTS: &[(&str, &str)] = &[
    ("Certificate", "URL"),
    ("Marked", "Boolean"),
    ("Owner", "bag ProperName"),
    ("UsageTerms", "Lang Alt"),
    ("WebStatement", "URL"),
];

const MEDIA_MANAGEMENT: &[(&str, &str)] = &[
    ("DerivedFrom", "ResourceRef"),
    ("DocumentID", "URI"),
    ("History", "seq ResourceEvent"),
    ("InstanceID", "URI"),
    ("LastURL", "URL"),
    ("ManageTo", "URI"),
    ("ManageUI", "URI"),
    ("ManagedFrom", "ResourceRef"),
    ("Manager", "AgentName"),
    ("ManagerVariant", "Text"),
    ("RenditionClass", "RenditionClass"),
    ("RenditionOf", "ResourceRef"),
    ("RenditionParams", "Text"),
    ("SaveID", "Integer"),
    ("VersionID", "Text"),
    ("Versions", "seq Version"),
];
