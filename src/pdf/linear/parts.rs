//! What of a document belongs to which part of a linearised file (ISO 32000-1, F.3).

use std::collections::{BTreeMap, BTreeSet, HashSet};

use lopdf::{Document, Object, ObjectId};

use crate::pdf::{Error, object, pages};

/// Most references that are followed. A book of a thousand pages with a hundred shared objects on each follows a million.
const VISITS_MAX: usize = 1 << 23;

/// Entries of the catalog that a viewer needs before it shows anything (ISO 32000-1, F.3.5).
const OPENING: [&[u8]; 5] = [b"AcroForm", b"OpenAction", b"PageMode", b"Threads", b"ViewerPreferences"];

/// The objects of each part, in the order of the file.
#[derive(Debug, Default)]
pub(super) struct Parts {
    /// The catalog, and what a viewer needs before the first page.
    pub(super) opening: Vec<ObjectId>,
    /// The first page with all that it needs.
    pub(super) first_page: Vec<ObjectId>,
    /// Each other page with what it alone needs.
    pub(super) pages: Vec<Vec<ObjectId>>,
    /// What several other pages need.
    pub(super) shared: Vec<ObjectId>,
    /// The outlines, their root first.
    pub(super) outlines: Vec<ObjectId>,
    /// Whether they are shown with the first page.
    pub(super) shows_outlines: bool,
    /// For each other page, what it needs and something that is no page does too.
    pub(super) rest: BTreeMap<usize, Vec<ObjectId>>,
    /// What no page needs.
    pub(super) unpaged: Vec<ObjectId>,
    /// For each other page, what it shares with others.
    pub(super) shares: Vec<Vec<ObjectId>>,
}

/// Who needs an object.
#[derive(Debug, Clone, Copy, Default)]
struct Users {
    is_opening: bool,
    is_outline: bool,
    is_first_page: bool,
    /// How many other pages.
    pages: usize,
    /// The last of them.
    page: usize,
    /// Whether anything else does.
    is_other: bool,
}

/// Follows references, each user's once.
struct Walk<'a> {
    document: &'a Document,
    pages: BTreeSet<ObjectId>,
    users: BTreeMap<ObjectId, Users>,
    visits_left: usize,
}

impl<'a> Walk<'a> {
    /// The objects that a value leads to without passing a page, noted as used in a way.
    fn follow(
        &mut self,
        from: impl IntoIterator<Item = &'a Object>,
        note: impl Fn(&mut Users),
    ) -> Result<Vec<ObjectId>, Error> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open: Vec<&Object> = from.into_iter().collect();
        while let Some(object) = open.pop() {
            match object {
                Object::Reference(id) if !self.pages.contains(id) && seen.insert(*id) => {
                    let held = self.document.objects.get(id);
                    let limit = || Error::limit("its pages share too much for it to be linearised");
                    self.visits_left = self.visits_left.checked_sub(1).ok_or_else(limit)?;
                    if let Some(held) = held {
                        note(self.users.entry(*id).or_default());
                        found.push(*id);
                        open.push(held);
                    }
                }
                Object::Array(items) => open.extend(items.iter().rev()),
                Object::Dictionary(held) => open.extend(held.iter().map(|(_, value)| value)),
                Object::Stream(held) => open.extend(held.dict.iter().map(|(_, value)| value)),
                Object::Reference(_)
                | Object::Null
                | Object::Boolean(_)
                | Object::Integer(_)
                | Object::Real(_)
                | Object::Name(_)
                | Object::String(..) => {}
            }
        }
        Ok(found)
    }
}

/// Divides the objects of a document.
///
/// # Errors
/// `Corrupt` when it has no pages, `Limit` when pages share too much.
pub(super) fn split(document: &Document) -> Result<Parts, Error> {
    let root = document.trailer.get(b"Root").ok().and_then(|root| object::target(document, root));
    let (Some(root), Some(catalog)) = (root, object::catalog(document)) else {
        return Err(Error::corrupt("it has no catalog"));
    };
    let listed = pages::list(document);
    let Some((first, others)) = listed.split_first() else { return Err(Error::corrupt("it has no pages")) };
    let mut walk =
        Walk { document, pages: listed.iter().copied().collect(), users: BTreeMap::new(), visits_left: VISITS_MAX };
    let mut of_pages = Vec::with_capacity(listed.len());
    for (number, page) in listed.iter().enumerate() {
        let held = object::at(document, *page);
        let entries = |wanted: bool| {
            let entries = held.into_iter().flatten();
            entries.filter(move |(key, _)| (*key == b"Thumb") == wanted && *key != b"Parent").map(|(_, value)| value)
        };
        let note = |users: &mut Users| {
            users.page = number;
            users.is_first_page |= number == 0;
            users.pages += usize::from(number > 0);
        };
        of_pages.push(walk.follow(entries(false), note)?);
        walk.follow(entries(true), |users| users.is_other = true)?;
    }
    for (key, value) in catalog {
        let note = |users: &mut Users| match key.as_slice() {
            key if OPENING.contains(&key) => users.is_opening = true,
            b"Outlines" => users.is_outline = true,
            _ => users.is_other = true,
        };
        walk.follow([value], note)?;
    }
    let trailer = document.trailer.iter().filter(|(key, _)| *key != b"Root").map(|(_, value)| value);
    walk.follow(trailer, |users| users.is_other = true)?;
    walk.users.remove(&root);
    let shows_outlines = object::name(document, catalog, b"PageMode") == Some(b"UseOutlines");
    let mut parts = sort(root, (*first, others), &of_pages, &walk.users, shows_outlines);
    let outlines = catalog.get(b"Outlines").ok().and_then(|outlines| object::target(document, outlines));
    parts.outlines.sort_by_key(|id| Some(*id) != outlines);
    Ok(parts)
}

/// Puts every object into its part.
fn sort(
    root: ObjectId,
    (first, others): (ObjectId, &[ObjectId]),
    of_pages: &[Vec<ObjectId>],
    users: &BTreeMap<ObjectId, Users>,
    shows_outlines: bool,
) -> Parts {
    let mut parts = Parts { opening: vec![root], first_page: vec![first], shows_outlines, ..Parts::default() };
    let mut first_shared = Vec::new();
    let mut owned = HashSet::new();
    for (id, used) in users {
        let is_private = !used.is_other && used.pages == usize::from(!used.is_first_page);
        let part = match used {
            Users { is_outline: true, .. } => &mut parts.outlines,
            Users { is_opening: true, .. } => &mut parts.opening,
            Users { is_first_page: true, .. } if is_private => &mut parts.first_page,
            Users { is_first_page: true, .. } => &mut first_shared,
            _ if is_private => {
                owned.insert(*id);
                continue;
            }
            Users { pages: 2.., .. } => &mut parts.shared,
            Users { pages: 1, .. } => parts.rest.entry(used.page).or_default(),
            Users { .. } => &mut parts.unpaged,
        };
        part.push(*id);
    }
    parts.first_page.append(&mut first_shared);
    let first_outlines = parts.outlines.iter().filter(|_| shows_outlines);
    let hinted: BTreeSet<ObjectId> =
        parts.first_page.iter().chain(&parts.shared).chain(first_outlines).copied().collect();
    for (page, needs) in others.iter().zip(of_pages.iter().skip(1)) {
        let own = needs.iter().filter(|id| owned.contains(id));
        parts.pages.push([page].into_iter().chain(own).copied().collect());
        parts.shares.push(needs.iter().filter(|id| hinted.contains(id)).copied().collect());
    }
    parts
}
