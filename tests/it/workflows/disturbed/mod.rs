//! Every workflow with its attempts taken by hand, and each of them disturbed: whatever happens to a task between its work and its
//! settlement, the job comes out as if nothing had, and leaves nothing behind.
//!
//! Executed by real engine hosts. A new kind of task or a new workflow needs a case ([`cases`]); [`nothing_is_left_out`] says so.

mod cases;
mod drive;
mod faults;
mod picture;

use std::collections::BTreeSet;

use bindery::workflows::{Kind, lists::WORKFLOWS};

use cases::{CASES, Case};
use drive::{Disturbance, Workshop};

/// Does a case undisturbed, then with each disturbance of each of its tasks.
async fn is_the_same_whatever_happens(case: &str) {
    let case = CASES.iter().find(|known| known.name == case).unwrap();
    let mut workshop = Workshop::open(case).await;
    let calm = workshop.run(Disturbance::None).await;
    assert_eq!(calm.outcome, case.outcome, "{calm:#?}");
    assert_eq!(calm.kinds, kinds(case), "the kinds of task that the case names");
    for disturbance in [Disturbance::Killed, Disturbance::Overtaken, Disturbance::Cut] {
        let other = workshop.run(disturbance).await;
        assert!(other == calm, "{disturbance:?}: {}", other.difference(&calm));
    }
}

/// What a case disturbs: what it says, and the purge that ends every job.
fn kinds(case: &Case) -> BTreeSet<Kind> {
    case.kinds.iter().copied().chain([Kind::Purge]).collect()
}

#[test]
fn nothing_is_left_out() {
    let disturbed: BTreeSet<Kind> = CASES.iter().flat_map(kinds).collect();
    assert_eq!(disturbed, Kind::ALL.iter().copied().collect(), "a kind of task without a case");
    let here: BTreeSet<&str> = CASES.iter().map(|case| case.workflow).collect();
    assert_eq!(here, WORKFLOWS.iter().map(|workflow| workflow.name).collect(), "a workflow without a case");
}

/// A test for each case, so that they run beside each other.
macro_rules! cases {
    ($($name:ident,)+) => {
        $(#[tokio::test]
        async fn $name() {
            is_the_same_whatever_happens(stringify!($name)).await;
        })+

        #[test]
        fn each_case_has_its_test() {
            assert_eq!(CASES.iter().map(|case| case.name).collect::<Vec<_>>(), [$(stringify!($name)),+]);
        }
    };
}

cases! {
    archive_pdfa1_signed,
    archive_pdfa2_with_a_mail,
    archive_pdfa3_as_a_collection,
    scans_with_their_text,
    conversion_by_way_of_another_lane,
    dossier,
    invoice_signed,
    tiff,
    tiff_in_pieces,
    extract_xml,
    convert_to_xml,
    sign_with_a_time_stamp,
    a_document_that_cannot_be_converted,
}
