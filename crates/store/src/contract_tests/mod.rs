//! The suite every backend must pass. A backend's tests name it once:
//!
//! ```ignore
//! vigiles_store::contract_suite!(open);
//! ```
//!
//! where `open: fn(Clock) -> Opened` makes a fresh, empty store that knows [`KINDS`].
#![allow(clippy::unwrap_used, reason = "a failed expectation is a failed test")]
#![allow(missing_docs, reason = "each case is named after what it shows")]

pub mod audit;
pub mod documents;
pub mod feed;
pub mod fences;
pub mod fixture;
pub mod past;
pub mod rights;

pub use fixture::{KINDS, Opened};

/// Makes one test of each case.
#[macro_export]
macro_rules! contract_suite {
    ($open:ident) => {
        $crate::contract_suite!(@cases $open,
            documents: [
                puts_and_gets, counts_versions, refuses_what_was_not_expected, does_all_or_nothing, deletes,
                refuses_what_cannot_be_stored, pages_newest_first, pages_each_document_once, filters,
                narrows_by_fields_of_the_body, counts_what_it_holds, keeps_marks, derived_writes_are_writes,
                remembers_replies_for_their_actor
            ],
            feed: [tells_changes_in_order, leaves_secrets_out, notices_tell_of_secrets, says_resync, wakes_those_who_wait],
            fences: [
                only_the_newest_epoch_writes, derived_writes_are_fenced_too, fences_are_the_platforms_own,
                one_of_many_takers_remains
            ],
            past: [answers_for_any_moment, prunes_and_keeps_the_last_forms, time_never_runs_backwards],
            rights: [
                refuses_without_the_role, keeps_agencies_apart, nobody_takes_over_anothers_document,
                filters_lists_as_single_reads
            ],
            audit: [
                entries_for_reads_and_writes, no_entries_for_the_platforms_reads, pages_and_filters,
                refusals_are_recorded, many_writers_at_once
            ]
        );
    };
    (@cases $open:ident, $($module:ident: [$($case:ident),*]),*) => {
        $(mod $module {
            $(#[test]
            fn $case() {
                $crate::contract_tests::$module::$case(&super::$open);
            })*
        })*
    };
}
