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

/// Processor time the process has used, in user mode and in the kernel.
pub(crate) fn processor_time(pid: u32) -> Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).context("the process is gone")?;
    parse_stat(&stat).with_context(|| format!("not understood: {stat}"))
}

fn parse_stat(stat: &str) -> Option<Duration> {
    // The name stands in brackets and may hold spaces; utime and stime are the 12th and 13th fields after it.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks: u64 = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_secs_f64(ticks as f64 / TICKS_PER_S))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_kernels_line() {
        let line = "7 (a b) c) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 5 1 2";
        assert_eq!(parse_stat(line), Some(Duration::from_secs(3)));
    }
}
