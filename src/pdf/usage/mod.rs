//! What the drawn content really uses: fonts with the codes shown, device colours, nesting, resources.

mod walk;

use std::collections::{BTreeMap, BTreeSet};

use lopdf::{Document, Object, ObjectId};

use super::{Error, fonts::cmap::Code, object, profiles::Device};

/// How deep a colour space may be in another; `Pattern` over `Indexed` over `Separation` over `Lab` is three.
const SPACE_DEPTH_MAX: usize = 6;

/// Most different codes that are kept of one font; it has at most 65,536 glyphs.
const CODES_MAX: usize = 1 << 17;

/// How one font is used.
#[derive(Debug, Default)]
pub(crate) struct FontUse {
    /// Whether any of its text is visible; text in mode 3 needs no font program.
    pub(crate) is_visible: bool,
    /// The codes shown: bytes for a simple font, what its map makes of the strings for a composite one.
    pub(crate) codes: BTreeSet<Code>,
}

/// What one piece of content (page, form, pattern, glyphs of a Type 3 font) uses.
#[derive(Debug)]
pub(crate) struct ContentUse {
    /// The object whose `Resources` apply.
    pub(crate) holder: ObjectId,
    /// The resources in force, its own or those of whoever draws it, when they are an object of their own.
    pub(crate) resources: Option<ObjectId>,
    /// Whether it has no resources of its own and yet names some.
    pub(crate) borrows: bool,
    /// The device colours that its operators and inline images use.
    pub(crate) devices: BTreeSet<Device>,
}

/// What a whole document uses.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Fonts by object number.
    pub(crate) fonts: BTreeMap<ObjectId, FontUse>,
    /// Every piece of content that is drawn.
    pub(crate) contents: Vec<ContentUse>,
    /// Images that are drawn.
    pub(crate) images: BTreeSet<ObjectId>,
    /// Streams of content that are drawn.
    pub(crate) streams: BTreeSet<ObjectId>,
    /// Streams of content that do not unpack to their end, with the page, from 1, on which each was met first.
    pub(crate) damaged: BTreeMap<ObjectId, usize>,
}

/// Surveys every page with its annotations.
///
/// # Errors
/// `Limit` when the content unpacks to too much.
pub(crate) fn survey(document: &Document) -> Result<Survey, Error> {
    walk::Walk::new(document).run()
}

/// The device colours that a colour space leads to.
pub(crate) fn devices_of(document: &Document, space: &Object) -> BTreeSet<Device> {
    let mut found = BTreeSet::new();
    let mut space = object::resolve(document, space);
    for _ in 0..SPACE_DEPTH_MAX {
        match space {
            Object::Name(name) => {
                found.extend(Device::named(name));
                break;
            }
            Object::Array(parts) => {
                let family = parts.first().and_then(|family| object::resolve(document, family).as_name().ok());
                let next = match family {
                    Some(b"Indexed" | b"I" | b"Pattern") => parts.get(1),
                    Some(b"Separation" | b"DeviceN") => parts.get(2),
                    Some(name) if parts.len() == 1 => {
                        found.extend(Device::named(name));
                        None
                    }
                    Some(_) | None => None,
                };
                let Some(next) = next else { break };
                space = object::resolve(document, next);
            }
            Object::Null
            | Object::Boolean(_)
            | Object::Integer(_)
            | Object::Real(_)
            | Object::String(..)
            | Object::Dictionary(_)
            | Object::Stream(_)
            | Object::Reference(_) => break,
        }
    }
    found
}
