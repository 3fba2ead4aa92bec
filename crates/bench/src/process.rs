//! What the kernel says of a process: memory held and processor time used (Linux).

use std::time::Duration;

use anyhow::{Context, Result};

/// Kernel ticks in a second; fixed at 100 in what /proc shows.
const TICKS_PER_S: f64 = 100.0;

/// Memory of the process that is in RAM, in bytes.
pub(crate) fn resident_bytes(pid: u32) -> Result<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).context("the process is gone")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
    let kib: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kib * 1024)
}

/// Processor time the process and its children have used, in user mode and in the kernel.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    let own = parse_stat(&stat).with_context(|| format!("not understood: {stat}"))?;
    let threads = std::fs::read_dir(format!("/proc/{pid}/task")).context("the process is gone")?;
    let lists = threads.filter_map(|thread| std::fs::read_to_string(thread.ok()?.path().join("children")).ok());
    let children: Vec<u32> = lists.flat_map(|list| numbers(&list)).collect();
    // One that has ended meanwhile is in the times of its parent from the next look on.
    Ok(own + children.into_iter().filter_map(|child| processor_time(child).ok()).sum::<Duration>())
}

fn numbers(text: &str) -> Vec<u32> {
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

fn parse_stat(stat: &str) -> Option<Duration> {
    // The name stands in brackets and may hold spaces; utime, stime and those of children that have ended are the 12th to
    // 15th fields after it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = fields.get(11..15)?.iter().map(|field| field.parse::<u64>().ok()).sum::<Option<u64>>()?;
    Some(Duration::from_secs_f64(ticks as f64 / TICKS_PER_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_line() {
        let line = "7 (a b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 70 30 20 0 1 0 5 1 2";
        assert_eq!(parse_stat(line), Some(Duration::from_secs(4)));
    }
}
