//! An invoice: some documents become one, the others are put into it, and the XML of the invoice is declared.

use super::{Bench, collect::attach_all, merge::merge_of};
use crate::{
    domain::{Event, EventCode, limits},
    engines::{
        Error,
        finish::moment,
        protocol::{Invoice, Target},
        serve::Pdf,
    },
    pdf::{
        self, Document,
        invoice::{self, Country, Finding},
    },
};

/// What breaks the rules of an invoice is told so often.
const FINDINGS_TOLD_MAX: usize = 20;

/// Puts the invoice together. One that has its XML and declares it already, and to which nothing is added, stays as it came.
pub(super) fn invoice(bench: &mut Bench<'_>, order: &Invoice) -> Result<(), Error> {
    let inputs = &bench.assemble.inputs;
    let shown: Vec<_> = order.shown.iter().filter_map(|place| inputs.get(*place)).collect();
    merge_of(bench, shown)?;
    let whole = bench.take_whole()?;
    let (mut document, given) = match whole {
        Pdf::Document(document) => (*document, None),
        Pdf::Given(bytes) | Pdf::Written(bytes) => (pdf::read(bytes.clone(), &[])?.document, Some(bytes)),
    };
    attach_all(bench, &mut document, &order.attached, Target::PdfA3)?;
    let was_declared = invoice::is_declared(&document);
    let country = if order.french { Country::France } else { Country::Germany };
    declare(bench, &mut document, country)?;
    bench.whole = Some(match given {
        Some(bytes) if order.attached.is_empty() && (was_declared || !invoice::is_declared(&document)) => {
            Pdf::Given(bytes)
        }
        _ => Pdf::Document(Box::new(document)),
    });
    Ok(())
}

/// Declares the first invoice that is in the document, and tells what is wrong with it.
fn declare(bench: &mut Bench<'_>, document: &mut Document, country: Country) -> Result<(), Error> {
    let found = invoice::find(document, limits::EXTRACTED_BYTES_MAX)?;
    let Some((file, xml, first)) = found.first() else { return Ok(()) };
    let number = first.number.as_deref().unwrap_or("without a number");
    for Finding { rule, place, message } in invoice::check(xml, first).iter().take(FINDINGS_TOLD_MAX) {
        let told = format!("The invoice {number} breaks the rule {rule} at {place}: {message}");
        bench.events.push(Event::warning(EventCode::Generic, told));
    }
    if let Some((other, ..)) = found.get(1) {
        let told = format!("'{}' is another invoice, and readers may take it for this one.", other.name);
        bench.events.push(Event::warning(EventCode::Generic, told));
    }
    let declared = invoice::declare(document, file, first, country, moment(bench.assemble.now))?;
    let told = match declared {
        Some(declared) => {
            format!("The invoice {number} ({}, {}) is declared as {}.", first.standard, declared.profile, declared.name)
        }
        None => format!("The invoice {number} ({}) is in the file, which no metadata can declare.", first.standard),
    };
    bench.events.push(Event::info(EventCode::Generic, told));
    Ok(())
}
