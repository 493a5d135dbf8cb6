//! Reading and changing objects without caring where they live: direct, or behind references.

use std::collections::{HashMap, HashSet};

use lopdf::{Dictionary, Document, Object, ObjectId};

/// Deepest nesting of direct objects that is walked. The parser refuses deeper ones, this holds for built ones.
const NESTING_MAX: usize = 96;

/// Stands for whatever is absent, dangling or circular.
static NULL: Object = Object::Null;

/// Follows references to the object itself; `Null` when they lead nowhere.
pub(crate) fn resolve<'a>(document: &'a Document, object: &'a Object) -> &'a Object {
    document.dereference(object).map_or(&NULL, |(_, found)| found)
}

/// The value of a key, resolved; `None` when absent or null.
pub(crate) fn get<'a>(document: &'a Document, dictionary: &'a Dictionary, key: &[u8]) -> Option<&'a Object> {
    let value = resolve(document, dictionary.get(key).ok()?);
    (!value.is_null()).then_some(value)
}

/// The value as a dictionary, or as the dictionary of a stream.
pub(crate) fn as_dictionary(object: &Object) -> Option<&Dictionary> {
    if let Object::Stream(stream) = object { Some(&stream.dict) } else { object.as_dict().ok() }
}

/// The mutable twin of [`as_dictionary`].
pub(crate) fn as_dictionary_mut(object: &mut Object) -> Option<&mut Dictionary> {
    if let Object::Stream(stream) = object { Some(&mut stream.dict) } else { object.as_dict_mut().ok() }
}

/// The dictionary (or stream dictionary) under a key.
pub(crate) fn dictionary<'a>(document: &'a Document, holder: &'a Dictionary, key: &[u8]) -> Option<&'a Dictionary> {
    as_dictionary(get(document, holder, key)?)
}

/// The array under a key.
pub(crate) fn array<'a>(document: &'a Document, holder: &'a Dictionary, key: &[u8]) -> Option<&'a [Object]> {
    get(document, holder, key)?.as_array().ok().map(Vec::as_slice)
}

/// The name under a key.
pub(crate) fn name<'a>(document: &'a Document, holder: &'a Dictionary, key: &[u8]) -> Option<&'a [u8]> {
    get(document, holder, key)?.as_name().ok()
}

/// The integer under a key; a real counts when it is whole enough for every reader.
pub(crate) fn integer(document: &Document, holder: &Dictionary, key: &[u8]) -> Option<i64> {
    get(document, holder, key)?.as_i64().ok()
}

/// Any number as a float.
pub(crate) fn number(document: &Document, object: &Object) -> Option<f32> {
    resolve(document, object).as_float().ok()
}

/// The numbers of an array; what is none is left out.
pub(crate) fn numbers(document: &Document, array: &Object) -> Vec<f32> {
    let items = resolve(document, array).as_array().map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(|item| number(document, item)).collect()
}

/// Four numbers under a key, as of a rectangle.
pub(crate) fn rectangle(document: &Document, holder: &Dictionary, key: &[u8]) -> Option<[f32; 4]> {
    let numbers: Vec<f32> = array(document, holder, key)?.iter().map_while(|side| number(document, side)).collect();
    numbers.try_into().ok()
}

/// A text string under a key, decoded.
pub(crate) fn text(document: &Document, holder: &Dictionary, key: &[u8]) -> Option<String> {
    lopdf::decode_text_string(get(document, holder, key)?).ok()
}

/// Adds an object under a new number.
pub(crate) fn add(document: &mut Document, object: impl Into<Object>) -> ObjectId {
    document.add_object(object)
}

/// The dictionary of an indirect object.
pub(crate) fn at(document: &Document, id: ObjectId) -> Option<&Dictionary> {
    as_dictionary(document.objects.get(&id)?)
}

/// The mutable dictionary of an indirect object.
pub(crate) fn at_mut(document: &mut Document, id: ObjectId) -> Option<&mut Dictionary> {
    as_dictionary_mut(document.objects.get_mut(&id)?)
}

/// The catalog, or `None` in a document that is not a PDF any more.
pub(crate) fn catalog(document: &Document) -> Option<&Dictionary> {
    dictionary(document, &document.trailer, b"Root")
}

/// The mutable catalog.
pub(crate) fn catalog_mut(document: &mut Document) -> Option<&mut Dictionary> {
    document.catalog_mut().ok()
}

/// The number of the object that a value leads to, or `None` when it is direct or dangling.
pub(crate) fn target(document: &Document, object: &Object) -> Option<ObjectId> {
    let (id, found) = document.dereference(object).ok()?;
    if found.is_null() { None } else { id }
}

/// Takes an indirect object out, lets it be changed while the rest can be read, and puts it back.
pub(crate) fn edit<T>(
    document: &mut Document,
    id: ObjectId,
    change: impl FnOnce(&mut Object, &mut Document) -> T,
) -> T {
    let mut object = document.objects.get_mut(&id).map_or(Object::Null, |slot| std::mem::replace(slot, Object::Null));
    let outcome = change(&mut object, document);
    document.objects.insert(id, object);
    outcome
}

/// Lets the dictionary under `key` of an indirect object be changed, direct or not; makes an empty one where none is.
pub(crate) fn edit_entry<T>(
    document: &mut Document,
    id: ObjectId,
    key: &[u8],
    change: impl FnOnce(&mut Dictionary) -> T,
) -> Option<T> {
    let held = at(document, id)?.get(key).ok().and_then(|value| target(document, value));
    if let Some(entry) = held
        && let Some(dictionary) = at_mut(document, entry)
    {
        return Some(change(dictionary));
    }
    let holder = at_mut(document, id)?;
    if !holder.get(key).is_ok_and(|value| value.as_dict().is_ok()) {
        holder.set(key, Dictionary::new());
    }
    holder.get_mut(key).ok()?.as_dict_mut().ok().map(change)
}

/// Every object number of the document.
pub(crate) fn ids(document: &Document) -> Vec<ObjectId> {
    document.objects.keys().copied().collect()
}

/// Visits every dictionary of the document for change, stream dictionaries and nested ones included.
pub(crate) fn each_dictionary(document: &mut Document, mut visit: impl FnMut(&mut Dictionary, &Document)) {
    each_object(document, |object, document| {
        if let Some(dictionary) = as_dictionary_mut(object) {
            visit(dictionary, document);
        }
    });
}

/// Visits every dictionary in some of the indirect objects for change.
pub(crate) fn each_dictionary_of(
    document: &mut Document,
    ids: &[ObjectId],
    mut visit: impl FnMut(&mut Dictionary, &Document),
) {
    let mut visit = |object: &mut Object, document: &Document| {
        if let Some(dictionary) = as_dictionary_mut(object) {
            visit(dictionary, document);
        }
    };
    for id in ids {
        edit(document, *id, |object, document| walk(object, document, &mut visit));
    }
}

/// As [`each_dictionary`], for a change that does nothing to dictionaries that do not matter to it: only indirect objects that
/// hold one that does are taken out of the document. Most walks change next to nothing, and to look costs a fraction.
pub(crate) fn each_dictionary_where(
    document: &mut Document,
    matters: impl Fn(&Dictionary) -> bool,
    visit: impl FnMut(&mut Dictionary, &Document),
) {
    let ids = holding(document, |object| as_dictionary(object).is_some_and(&matters));
    each_dictionary_of(document, &ids, visit);
}

/// As [`each_object`], for a change that does nothing to objects that do not matter to it.
pub(crate) fn each_object_where(
    document: &mut Document,
    matters: impl Fn(&Object) -> bool,
    mut visit: impl FnMut(&mut Object, &Document),
) {
    for id in holding(document, matters) {
        edit(document, id, |object, document| walk(object, document, &mut visit));
    }
}

/// The numbers of the indirect objects that are, or hold directly, an object that matters.
pub(crate) fn holding(document: &Document, matters: impl Fn(&Object) -> bool) -> Vec<ObjectId> {
    let mut open = Vec::new();
    document.objects.iter().filter(|(_, object)| holds(object, &matters, &mut open)).map(|(id, _)| *id).collect()
}

/// Whether any object matters, direct ones included.
pub(crate) fn any(document: &Document, matters: impl Fn(&Object) -> bool) -> bool {
    let mut open = Vec::new();
    document.objects.values().any(|object| holds(object, &matters, &mut open))
}

/// Whether an object is, or holds directly, one that matters. What is `open` is only there to be used again.
fn holds<'a>(object: &'a Object, matters: &impl Fn(&Object) -> bool, open: &mut Vec<&'a Object>) -> bool {
    open.clear();
    open.push(object);
    while let Some(object) = open.pop() {
        if matters(object) {
            return true;
        }
        if let Object::Array(items) = object {
            open.extend(items);
        } else if let Some(dictionary) = as_dictionary(object) {
            open.extend(dictionary.iter().map(|(_, value)| value));
        }
    }
    false
}

/// Whether a dictionary has any of some keys.
pub(crate) fn has_any(dictionary: &Dictionary, keys: &[&[u8]]) -> bool {
    dictionary.iter().any(|(key, _)| keys.contains(&key.as_slice()))
}

/// Visits every object of the document for change, outer ones before the ones in them.
pub(crate) fn each_object(document: &mut Document, mut visit: impl FnMut(&mut Object, &Document)) {
    for id in ids(document) {
        edit(document, id, |object, document| walk(object, document, &mut visit));
    }
}

/// Visits one object and everything directly in it.
fn walk(object: &mut Object, document: &Document, visit: &mut impl FnMut(&mut Object, &Document)) {
    walk_open(&mut vec![(object, 0)], document, visit);
}

/// Visits what is open, with its depth, and everything directly in it.
fn walk_open(
    open: &mut Vec<(&mut Object, usize)>,
    document: &Document,
    visit: &mut impl FnMut(&mut Object, &Document),
) {
    while let Some((object, depth)) = open.pop() {
        visit(object, document);
        if depth > NESTING_MAX {
            continue;
        }
        if let Object::Array(items) = object {
            open.extend(items.iter_mut().map(|item| (item, depth + 1)));
        } else if let Some(dictionary) = as_dictionary_mut(object) {
            open.extend(dictionary.iter_mut().map(|(_, value)| (value, depth + 1)));
        }
    }
}

/// The numbers of all objects that the trailer leads to, also of those that are not there.
pub(crate) fn referenced(document: &Document) -> HashSet<ObjectId> {
    let mut found = HashSet::new();
    let mut open: Vec<&Object> = document.trailer.iter().map(|(_, value)| value).collect();
    while let Some(object) = open.pop() {
        if let Object::Reference(id) = object {
            if found.insert(*id) {
                open.extend(document.objects.get(id));
            }
        } else if let Object::Array(items) = object {
            open.extend(items);
        } else if let Some(held) = as_dictionary(object) {
            open.extend(held.iter().map(|(_, value)| value));
        }
    }
    found
}

/// Visits every dictionary for reading, with the number of the indirect object it is in.
pub(crate) fn see_dictionaries(document: &Document, mut visit: impl FnMut(ObjectId, &Dictionary)) {
    let mut open = Vec::new();
    for (&id, object) in &document.objects {
        open.push((object, 0_usize));
        while let Some((object, depth)) = open.pop() {
            if let Object::Array(items) = object {
                open.extend(items.iter().filter(|_| depth < NESTING_MAX).map(|item| (item, depth + 1)));
            } else if let Some(dictionary) = as_dictionary(object) {
                visit(id, dictionary);
                open.extend(dictionary.iter().filter(|_| depth < NESTING_MAX).map(|(_, value)| (value, depth + 1)));
            }
        }
    }
}

/// Numbers the objects from `first` on, without gaps and generations; references that lead nowhere become null.
pub(crate) fn renumber(document: &mut Document, first: u32) {
    let numbers: HashMap<ObjectId, ObjectId> =
        document.objects.keys().copied().zip((first..).map(|number| (number, 0))).collect();
    renumber_by(document, &numbers);
}

/// Numbers the objects by a list; what is not on it goes, and references to it become null.
pub(crate) fn renumber_by(document: &mut Document, numbers: &HashMap<ObjectId, ObjectId>) {
    let mut trailer = Object::Dictionary(std::mem::take(&mut document.trailer));
    let mut objects = std::mem::take(&mut document.objects);
    let mut update = |object: &mut Object, _: &Document| {
        if let Object::Reference(id) = object {
            *object = numbers.get(id).map_or(Object::Null, |id| Object::Reference(*id));
        }
    };
    let mut open = vec![(&mut trailer, 0)];
    for object in objects.values_mut() {
        walk_open(&mut open, document, &mut update);
        open.push((object, 0));
    }
    walk_open(&mut open, document, &mut update);
    if let Object::Dictionary(trailer) = trailer {
        document.trailer = trailer;
    }
    document.objects = objects.into_iter().filter_map(|(id, object)| Some((*numbers.get(&id)?, object))).collect();
    document.max_id = document.objects.keys().next_back().map_or(0, |(number, _)| *number);
}

/// A name object.
pub(crate) fn named(name: &str) -> Object {
    Object::Name(name.as_bytes().to_vec())
}

/// Names are bytes in a PDF; this is for messages.
pub(crate) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).into_owned()
}
