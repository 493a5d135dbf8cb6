//! What pages draw and how large: the size of every image at its largest place, and the resources that content names.
//!
//! Each piece of content (page, form, pattern, appearance) is read once. That gives a graph whose edges say by which matrix
//! one piece draws another; the sizes come from following the matrices of pages along the edges.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use lopdf::{Dictionary, Document, Object, ObjectId};

use super::matrix::Matrix;
use crate::pdf::{
    Error,
    content::{Operand, Reader},
    object, pages, stream,
};

/// Most saved graphics states that are followed.
const SAVED_MAX: usize = 4096;

/// Most different drawings of all pieces of content; a map draws the same symbols at some hundred thousand places, in few
/// sizes.
const EDGES_MAX: usize = 1 << 20;

/// In how many sizes a piece of content is followed; what is drawn in more keeps its resolution.
const SIZES_MAX: usize = 64;

/// Most steps along edges of one document.
const STEPS_MAX: usize = 1 << 22;

/// How large an image is drawn at most, in points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Size {
    /// Its width and its height, at the largest place.
    Points(f32, f32),
    /// Nobody knows.
    Unknown,
}

impl Size {
    fn with(self, other: Self) -> Self {
        match (self, other) {
            (Self::Points(width, height), Self::Points(other_width, other_height)) => {
                Self::Points(width.max(other_width), height.max(other_height))
            }
            (Self::Unknown, _) | (_, Self::Unknown) => Self::Unknown,
        }
    }
}

/// Names of resources by their kind.
pub(super) type Names = BTreeMap<&'static [u8], BTreeSet<Vec<u8>>>;

/// What the pages of a document draw.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    /// The images, with their masks.
    pub(super) images: BTreeMap<ObjectId, Size>,
    /// The names that content takes from resources, by the object that has them: the dictionary of resources itself, or
    /// the page or form that it is in.
    pub(super) names: BTreeMap<ObjectId, Names>,
    /// Resources of which not all uses are known.
    pub(super) obscure: BTreeSet<ObjectId>,
    /// The pages, forms, patterns and fonts whose content was read.
    pub(super) read: BTreeSet<ObjectId>,
}

/// Reads all content.
///
/// # Errors
/// `Limit` when there is too much of it.
pub(super) fn read(document: &Document) -> Result<Drawn, Error> {
    let mut walk = Walk {
        document,
        budget: stream::Budget::of(document),
        queue: VecDeque::new(),
        pieces: Vec::new(),
        known: HashMap::new(),
        roots: Vec::new(),
        edges_left: EDGES_MAX,
        drawn: Drawn::default(),
    };
    for page in pages::list(document) {
        walk.page(page);
        while let Some(number) = walk.queue.pop_front() {
            walk.content(number)?;
        }
    }
    walk.follow();
    Ok(walk.drawn)
}

/// Resources in force, and the object that has them.
#[derive(Clone, Copy)]
struct Resources<'a> {
    held: &'a Dictionary,
    holder: ObjectId,
}

/// A piece of content.
struct Piece<'a> {
    streams: Vec<ObjectId>,
    resources: Option<Resources<'a>>,
    edges: BTreeSet<Edge>,
    /// Whether it draws more than was noted.
    is_cut: bool,
}

/// Something that is drawn, and by which matrix; `None` for one that is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    to: Target,
    by: Option<Matrix>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Piece(usize),
    Image(ObjectId),
}

struct Walk<'a> {
    document: &'a Document,
    budget: stream::Budget,
    queue: VecDeque<usize>,
    pieces: Vec<Piece<'a>>,
    /// Pieces by their object and the resources that they borrow.
    known: HashMap<(ObjectId, Option<ObjectId>), usize>,
    /// Where drawing begins.
    roots: Vec<(usize, Matrix)>,
    edges_left: usize,
    drawn: Drawn,
}

impl<'a> Walk<'a> {
    fn page(&mut self, id: ObjectId) {
        let Some(page) = object::at(self.document, id) else { return };
        let unit = page.get(b"UserUnit").ok().and_then(|unit| object::number(self.document, unit)).unwrap_or(1.0);
        let resources = self.resources_of(page, id);
        let number = self.add(id, pages::contents(self.document, page), resources);
        self.roots.push((number, Matrix::scale(unit, unit)));
        for annotation in object::array(self.document, page, b"Annots").unwrap_or_default() {
            let Some(held) = object::as_dictionary(object::resolve(self.document, annotation)) else { continue };
            let rectangle = object::rectangle(self.document, held, b"Rect");
            for look in self.looks(held) {
                let Some(number) = self.form(look, None) else { continue };
                let fitted = rectangle.and_then(|rectangle| self.fitted(look, rectangle));
                match fitted {
                    Some(matrix) => self.roots.push((number, matrix.then(Matrix::scale(unit, unit)))),
                    None => self.cut(number),
                }
            }
        }
    }

    /// The forms that an annotation may look like.
    fn looks(&self, annotation: &Dictionary) -> Vec<ObjectId> {
        let mut found = Vec::new();
        let looks = object::dictionary(self.document, annotation, b"AP");
        for (_, look) in looks.into_iter().flatten() {
            match object::resolve(self.document, look) {
                Object::Stream(_) => found.extend(object::target(self.document, look)),
                Object::Dictionary(states) => {
                    found.extend(states.iter().filter_map(|(_, state)| object::target(self.document, state)));
                }
                Object::Null
                | Object::Boolean(_)
                | Object::Integer(_)
                | Object::Real(_)
                | Object::Name(_)
                | Object::String(..)
                | Object::Array(_)
                | Object::Reference(_) => {}
            }
        }
        found
    }

    /// The matrix that fits the appearance of an annotation into its rectangle (ISO 32000-1, 12.5.5, algorithm 8.1).
    fn fitted(&self, look: ObjectId, [left, bottom, right, top]: [f32; 4]) -> Option<Matrix> {
        let form = object::at(self.document, look)?;
        let matrix = self.matrix_of(form);
        let [x0, y0, x1, y1] = object::rectangle(self.document, form, b"BBox")?;
        let [width, height] = matrix.extent((x1 - x0).abs(), (y1 - y0).abs());
        let fits = width > 0.0 && height > 0.0;
        fits.then(|| matrix.then(Matrix::scale((right - left).abs() / width, (top - bottom).abs() / height)))
    }

    fn matrix_of(&self, holder: &Dictionary) -> Matrix {
        let numbers = object::array(self.document, holder, b"Matrix").unwrap_or_default();
        let numbers: Vec<f32> = numbers.iter().filter_map(|number| object::number(self.document, number)).collect();
        Matrix::of(&numbers).unwrap_or(Matrix::IDENTITY)
    }

    fn resources_of(&self, holder: &'a Dictionary, id: ObjectId) -> Option<Resources<'a>> {
        let held = object::dictionary(self.document, holder, b"Resources")?;
        let own = holder.get(b"Resources").ok().and_then(|held| object::target(self.document, held));
        Some(Resources { held, holder: own.unwrap_or(id) })
    }

    fn add(&mut self, id: ObjectId, streams: Vec<ObjectId>, resources: Option<Resources<'a>>) -> usize {
        self.drawn.read.insert(id);
        // What names nothing is known as well.
        if let Some(resources) = resources {
            self.drawn.names.entry(resources.holder).or_default();
        }
        self.pieces.push(Piece { streams, resources, edges: BTreeSet::new(), is_cut: false });
        self.queue.push_back(self.pieces.len() - 1);
        self.pieces.len() - 1
    }

    /// What is drawn by this piece keeps its resolution.
    fn cut(&mut self, number: usize) {
        if let Some(piece) = self.pieces.get_mut(number) {
            piece.is_cut = true;
        }
    }

    /// A form or a pattern, with the resources of whoever draws it when it has none.
    fn form(&mut self, id: ObjectId, outer: Option<Resources<'a>>) -> Option<usize> {
        let Some(Object::Stream(form)) = self.document.objects.get(&id) else { return None };
        self.piece(id, vec![id], &form.dict, outer)
    }

    fn piece(
        &mut self,
        id: ObjectId,
        streams: Vec<ObjectId>,
        holder: &'a Dictionary,
        outer: Option<Resources<'a>>,
    ) -> Option<usize> {
        let own = self.resources_of(holder, id);
        let borrowed = if own.is_none() { outer } else { None };
        let key = (streams.first().copied().unwrap_or(id), borrowed.map(|resources| resources.holder));
        if let Some(number) = self.known.get(&key) {
            return Some(*number);
        }
        // Names that a piece takes from others are not told apart from theirs.
        self.drawn.obscure.extend(borrowed.map(|resources| resources.holder));
        let number = self.add(id, streams, own.or(outer));
        self.known.insert(key, number);
        Some(number)
    }

    /// Reads one piece.
    fn content(&mut self, number: usize) -> Result<(), Error> {
        let Some(piece) = self.pieces.get(number) else { return Ok(()) };
        let (streams, resources) = (piece.streams.clone(), piece.resources);
        let content = self.budget.content(self.document, &streams)?;
        if !content.damaged.is_empty() {
            self.drawn.obscure.extend(resources.map(|resources| resources.holder));
        }
        let mut by = Matrix::IDENTITY;
        let mut saved = Vec::new();
        let mut reader = Reader::new(&content.bytes);
        let mut operands = Vec::new();
        while let Some(operator) = reader.next(&mut operands) {
            match operator {
                b"q" if saved.len() < SAVED_MAX => saved.push(by),
                b"q" => self.cut(number),
                b"Q" => by = saved.pop().unwrap_or(by),
                b"cm" => {
                    let numbers: Vec<f32> = operands.iter().filter_map(as_number).collect();
                    by = Matrix::of(&numbers).map_or(by, |matrix| matrix.then(by));
                }
                _ => self.paint(number, operator, &operands, resources, by),
            }
        }
        Ok(())
    }

    /// Follows an operator that names a resource.
    fn paint(
        &mut self,
        number: usize,
        operator: &[u8],
        operands: &[Operand],
        resources: Option<Resources<'a>>,
        by: Matrix,
    ) {
        let first = operands.first().and_then(as_name);
        let last = operands.last().and_then(as_name);
        let (kind, name): (&'static [u8], _) = match operator {
            b"Do" => (b"XObject", last),
            b"gs" => (b"ExtGState", last),
            b"Tf" => (b"Font", first),
            b"cs" | b"CS" => (b"ColorSpace", last),
            b"scn" | b"SCN" => (b"Pattern", last),
            b"sh" => (b"Shading", last),
            b"BDC" | b"DP" => (b"Properties", last),
            b"BI" => return self.inline_image(operands, resources),
            _ => return,
        };
        let (Some(name), Some(resources)) = (name, resources) else { return };
        let known = self.drawn.names.entry(resources.holder).or_default().entry(kind).or_default();
        if !known.contains(name) {
            known.insert(name.to_vec());
        }
        let Some(held) = object::dictionary(self.document, resources.held, kind).and_then(|held| held.get(name).ok())
        else {
            return;
        };
        match kind {
            b"XObject" => self.draw(number, held, resources, by),
            b"Pattern" => {
                // A pattern is laid out by the space that its content begins with, whatever is drawn there.
                let Some(id) = object::target(self.document, held) else { return };
                let Some(pattern) = self.form(id, Some(resources)) else { return };
                let matrix = object::at(self.document, id).map(|pattern| self.matrix_of(pattern));
                self.edge(number, Edge { to: Target::Piece(pattern), by: matrix });
            }
            b"ExtGState" => {
                let Some(state) = object::as_dictionary(object::resolve(self.document, held)) else { return };
                self.state(number, state, resources, by);
            }
            b"Font" => self.glyphs(number, held, resources),
            _ => {}
        }
    }

    fn draw(&mut self, number: usize, held: &'a Object, resources: Resources<'a>, by: Matrix) {
        let Some(id) = object::target(self.document, held) else { return };
        let Some(object) = object::at(self.document, id) else { return };
        match object::name(self.document, object, b"Subtype") {
            Some(b"Form") => {
                let by = self.matrix_of(object).then(by);
                if let Some(form) = self.form(id, Some(resources)) {
                    self.edge(number, Edge { to: Target::Piece(form), by: Some(by) });
                }
            }
            Some(b"Image") => {
                self.edge(number, Edge { to: Target::Image(id), by: Some(by) });
                for key in [&b"SMask"[..], b"Mask"] {
                    let mask = object.get(key).ok().and_then(|mask| object::target(self.document, mask));
                    if let Some(mask) = mask {
                        self.edge(number, Edge { to: Target::Image(mask), by: Some(by) });
                    }
                }
            }
            Some(_) | None => {}
        }
    }

    fn state(&mut self, number: usize, state: &'a Dictionary, resources: Resources<'a>, by: Matrix) {
        let mask = object::dictionary(self.document, state, b"SMask").and_then(|mask| mask.get(b"G").ok());
        if let Some(id) = mask.and_then(|group| object::target(self.document, group))
            && let Some(group) = self.form(id, Some(resources))
        {
            let matrix = object::at(self.document, id).map(|group| self.matrix_of(group).then(by));
            self.edge(number, Edge { to: Target::Piece(group), by: matrix });
        }
        let font = object::array(self.document, state, b"Font").and_then(<[Object]>::first);
        if let Some(font) = font {
            self.glyphs(number, font, resources);
        }
    }

    /// The glyphs of a Type 3 font are pieces of content whose size is not followed.
    fn glyphs(&mut self, number: usize, font: &'a Object, resources: Resources<'a>) {
        let Some(id) = object::target(self.document, font) else { return };
        let Some(held) = object::at(self.document, id) else { return };
        if object::name(self.document, held, b"Subtype") != Some(b"Type3") {
            return;
        }
        let glyphs = object::dictionary(self.document, held, b"CharProcs");
        for glyph in glyphs.into_iter().flatten().filter_map(|(_, glyph)| object::target(self.document, glyph)) {
            if let Some(piece) = self.piece(id, vec![glyph], held, Some(resources)) {
                self.edge(number, Edge { to: Target::Piece(piece), by: None });
            }
        }
    }

    fn inline_image(&mut self, operands: &[Operand], resources: Option<Resources<'a>>) {
        let Some(resources) = resources else { return };
        // Any name of its entries may be one of a colour space.
        let known = self.drawn.names.entry(resources.holder).or_default().entry(b"ColorSpace").or_default();
        known.extend(operands.iter().filter_map(as_name).map(<[u8]>::to_vec));
    }

    fn edge(&mut self, number: usize, edge: Edge) {
        let Some(piece) = self.pieces.get_mut(number) else { return };
        if self.edges_left == 0 {
            piece.is_cut = true;
            // What is not noted must not be missed: it counts as drawn in any size.
            if let Target::Image(image) = edge.to {
                self.drawn.images.insert(image, Size::Unknown);
            }
        } else if piece.edges.insert(edge) {
            self.edges_left -= 1;
        }
    }

    /// Carries sizes from the pages along the edges.
    fn follow(&mut self) {
        let mut seen: Vec<BTreeSet<Option<Matrix>>> = vec![BTreeSet::new(); self.pieces.len()];
        let mut steps_left = STEPS_MAX;
        let mut open: Vec<(usize, Option<Matrix>)> =
            self.roots.iter().map(|(number, matrix)| (*number, Some(matrix.rounded()))).collect();
        open.reverse();
        // Pieces that nothing is known of draw what they draw in any size.
        open.extend(self.pieces.iter().enumerate().filter(|(_, piece)| piece.is_cut).map(|(number, _)| (number, None)));
        while let Some((number, base)) = open.pop() {
            let (Some(piece), Some(known)) = (self.pieces.get(number), seen.get_mut(number)) else { continue };
            let base = base.filter(|_| known.len() < SIZES_MAX && !piece.is_cut && steps_left > 0);
            // Once it is drawn in any size, no other matters.
            if known.contains(&None) || !known.insert(base) {
                continue;
            }
            for edge in &piece.edges {
                steps_left = steps_left.saturating_sub(1);
                let matrix = base.and_then(|base| Some(edge.by?.then(base)));
                match edge.to {
                    Target::Piece(piece) => open.push((piece, matrix.map(Matrix::rounded))),
                    Target::Image(image) => {
                        let size = matrix.map_or(Size::Unknown, |matrix| {
                            let [width, height] = matrix.lengths();
                            Size::Points(width, height)
                        });
                        let slot = self.drawn.images.entry(image).or_insert(size);
                        *slot = slot.with(size);
                    }
                }
            }
        }
    }
}

fn as_name(operand: &Operand) -> Option<&[u8]> {
    if let Operand::Name(name) = operand { Some(name) } else { None }
}

fn as_number(operand: &Operand) -> Option<f32> {
    if let Operand::Number(number) = operand { Some(*number) } else { None }
}
