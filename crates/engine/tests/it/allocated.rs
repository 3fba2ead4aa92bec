//! Counts what a thread has allocated and not given back: the truth that estimates are compared with.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static BYTES: Cell<i64> = const { Cell::new(0) };
}

/// Bytes that this thread holds; what another thread gives back counts there.
pub(crate) fn bytes() -> i64 {
    BYTES.get()
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count(bytes: usize, sign: i64) {
    // A thread that ends frees what it held after its counter is gone.
    let _ = BYTES.try_with(|held| held.set(held.get() + sign * bytes as i64));
}

#[allow(unsafe_code, reason = "an allocator cannot be written otherwise; both calls go to the system's as they came")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(layout.size(), 1);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        unsafe { System.dealloc(place, layout) }
    }
}
