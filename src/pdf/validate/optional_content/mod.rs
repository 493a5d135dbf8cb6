//! Optional content, layers that a viewer shows or hides (part 1, 6.1.13; parts 2 and 3, 6.9; part 4, 6.10).

use std::collections::BTreeSet;

use lopdf::{Dictionary, Object, ObjectId};

use super::{
    Part, Place,
    rule::{Clauses, Findings, Rule, Scope},
    subject::Subject,
};
use crate::pdf::object;

/// The rules of this chapter.
pub(super) const RULES: &[Rule] = &[NONE, NAME, UNIQUE_NAME, ORDER, AUTOMATIC];

/// Part 1 has no optional content.
const NONE: Rule = Rule {
    name: "no-optional-content",
    clauses: Clauses::only(Part::One, "6.1.13"),
    scope: Scope::Every,
    remedy: "Flatten the layers.",
    check: none,
};

/// A configuration has a name.
const NAME: Rule = Rule {
    name: "configuration-name",
    clauses: Clauses::from_two("6.9", "6.10"),
    scope: Scope::Every,
    remedy: "Give every optional content configuration a Name.",
    check: name,
};

/// No two configurations have the same name.
const UNIQUE_NAME: Rule = Rule {
    name: "configuration-name-unique",
    clauses: Clauses::from_two("6.9", "6.10"),
    scope: Scope::Every,
    remedy: "Give the optional content configurations different names.",
    check: unique_name,
};

/// A configuration that has an order has all groups in it.
const ORDER: Rule = Rule {
    name: "configuration-order",
    clauses: Clauses::from_two("6.9", "6.10"),
    scope: Scope::Every,
    remedy: "List every optional content group in Order, or leave Order out.",
    check: order,
};

/// Nothing switches groups by itself.
const AUTOMATIC: Rule = Rule {
    name: "no-automatic-states",
    clauses: Clauses::two_and_three("6.9"),
    scope: Scope::Every,
    remedy: "Take the key AS out of the optional content configurations.",
    check: automatic,
};

/// A configuration with the number of its object, if it has one.
type Configuration<'a> = (Place, &'a Dictionary);

/// The catalog does not have the key `OCProperties` (part 1, 6.1.13).
fn none(subject: &Subject<'_>, findings: &mut Findings) {
    if subject.catalog().is_some_and(|catalog| object::get(subject.document, catalog, b"OCProperties").is_some()) {
        findings.add_document("The catalog has the key OCProperties.");
    }
}

/// Every configuration, the one under D and those under Configs, has a Name that is not empty (parts 2 and 3, 6.9;
/// part 4, 6.10).
fn name(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, held) in configurations(subject) {
        let is_named = shown_name(subject, held).is_some_and(|name| !name.is_empty());
        findings.add_if(!is_named, place, || "An optional content configuration has no Name.".to_owned());
    }
}

/// The names of the configurations are different (parts 2 and 3, 6.9; part 4, 6.10).
fn unique_name(subject: &Subject<'_>, findings: &mut Findings) {
    let mut seen = BTreeSet::new();
    let mut places = BTreeSet::new();
    for (place, held) in configurations(subject) {
        // The default may be listed once more among the others.
        if place.object.is_some_and(|number| !places.insert(number)) {
            continue;
        }
        let Some(name) = shown_name(subject, held) else { continue };
        findings.add_if(!seen.insert(name), place, || {
            format!("Two optional content configurations have the name \"{}\".", object::shown(name))
        });
    }
}

/// The Order of a configuration, if it is there, lists every group of the document (parts 2 and 3, 6.9; part 4, 6.10).
fn order(subject: &Subject<'_>, findings: &mut Findings) {
    let groups = properties(subject).and_then(|held| object::array(subject.document, held, b"OCGs"));
    let groups: Vec<ObjectId> = groups.into_iter().flatten().filter_map(|group| group.as_reference().ok()).collect();
    for (place, held) in configurations(subject) {
        let Some(Object::Array(order)) = object::get(subject.document, held, b"Order") else { continue };
        let listed = listed(subject, order);
        for group in groups.iter().filter(|group| !listed.contains(group)) {
            findings.add(place, || {
                format!("The Order of an optional content configuration does not list the group in object {}.", group.0)
            });
        }
    }
}

/// A configuration does not have the key AS (parts 2 and 3, 6.9).
fn automatic(subject: &Subject<'_>, findings: &mut Findings) {
    for (place, held) in configurations(subject) {
        let is_there = object::get(subject.document, held, b"AS").is_some();
        findings.add_if(is_there, place, || "An optional content configuration has the key AS.".to_owned());
    }
}

fn properties<'a>(subject: &Subject<'a>) -> Option<&'a Dictionary> {
    object::dictionary(subject.document, subject.catalog()?, b"OCProperties")
}

/// The default configuration and the others.
fn configurations<'a>(subject: &Subject<'a>) -> Vec<Configuration<'a>> {
    let document = subject.document;
    let Some(properties) = properties(subject) else { return Vec::new() };
    let others = object::array(document, properties, b"Configs").unwrap_or_default();
    let found = properties.get(b"D").ok().into_iter().chain(others).filter_map(|value| {
        let place = object::target(document, value).map_or_else(Place::default, Place::from);
        Some((place, object::as_dictionary(object::resolve(document, value))?))
    });
    found.collect()
}

fn shown_name<'a>(subject: &Subject<'a>, held: &'a Dictionary) -> Option<&'a [u8]> {
    let name = object::get(subject.document, held, b"Name")?;
    name.as_str().or_else(|_| name.as_name()).ok()
}

/// The groups that an order lists, at any depth. An array that is met again is passed over.
fn listed(subject: &Subject<'_>, order: &[Object]) -> BTreeSet<ObjectId> {
    let mut found = BTreeSet::new();
    let mut open: Vec<&Object> = order.iter().collect();
    while let Some(item) = open.pop() {
        if let Object::Reference(id) = item
            && !found.insert(*id)
        {
            continue;
        }
        if let Object::Array(items) = object::resolve(subject.document, item) {
            open.extend(items);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use lopdf::dictionary;

    use super::super::file_structure::testing::{breaks, file};
    use super::*;
    use crate::pdf::validate::Flavour;

    /// A file with two groups, and what `make` makes of them as D and Configs.
    fn layers(make: impl Fn(ObjectId, ObjectId) -> (Dictionary, Vec<Dictionary>)) -> Vec<u8> {
        file(|document| {
            let mut group = |name: &str| {
                document.add_object(dictionary! { "Type" => "OCG", "Name" => Object::string_literal(name) })
            };
            let (one, two) = (group("1"), group("2"));
            let (default, others) = make(one, two);
            let others: Vec<Object> = others.into_iter().map(Object::Dictionary).collect();
            let held = dictionary! { "OCGs" => vec![one.into(), two.into()], "D" => default, "Configs" => others };
            document.catalog_mut().unwrap().set("OCProperties", held);
        })
    }

    fn named(name: &str) -> Dictionary {
        dictionary! { "Name" => Object::string_literal(name) }
    }

    #[test]
    fn part_1_has_no_layers() {
        assert!(breaks(&NONE, &layers(|_, _| (named("a"), vec![])), Flavour::A1B));
        assert!(!breaks(&NONE, &file(|_| {}), Flavour::A1B));
    }

    #[test]
    fn configurations_have_different_names() {
        for (others, is_unnamed, is_double) in [
            (vec![named("b"), named("c")], false, false),
            (vec![named("b"), Dictionary::new()], true, false),
            (vec![named("")], true, false),
            (vec![named("a")], false, true),
        ] {
            let bytes = layers(|_, _| (named("a"), others.clone()));
            for flavour in [Flavour::A2B, Flavour::A3B, Flavour::A4] {
                assert_eq!(breaks(&NAME, &bytes, flavour), is_unnamed, "{others:?}");
                assert_eq!(breaks(&UNIQUE_NAME, &bytes, flavour), is_double, "{others:?}");
            }
        }
    }

    #[test]
    fn an_order_lists_all_groups_at_any_depth() {
        let with = |order: Vec<Object>| {
            let mut held = named("a");
            held.set("Order", order);
            (held, vec![])
        };
        let all = layers(|one, two| {
            with(vec![Object::string_literal("x"), vec![one.into(), vec![two.into()].into()].into()])
        });
        let some = layers(|one, _| with(vec![one.into()]));
        for flavour in [Flavour::A2B, Flavour::A4] {
            assert!(!breaks(&ORDER, &all, flavour));
            assert!(breaks(&ORDER, &some, flavour));
            assert!(!breaks(&ORDER, &layers(|_, _| (named("a"), vec![])), flavour), "no order is no fault");
        }
    }

    #[test]
    fn states_do_not_change_by_themselves() {
        let bytes = layers(|_, _| {
            let mut held = named("a");
            held.set("AS", Vec::<Object>::new());
            (held, vec![])
        });
        assert!(breaks(&AUTOMATIC, &bytes, Flavour::A2B));
        assert!(!breaks(&AUTOMATIC, &bytes, Flavour::A4), "part 4 allows it");
        assert!(!breaks(&AUTOMATIC, &layers(|_, _| (named("a"), vec![])), Flavour::A2B));
    }
}
