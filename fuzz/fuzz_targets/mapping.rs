//! A mapping's configuration, then messages read by it: JSON and CSV. The input is the configuration, the topic and the
//! message, each ended by a zero byte.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vigiles_formats::mapping::Mapping;
use vigiles_fuzz::pass_the_gate;

/// Mappings that are fine, so that messages are reached also where the fuzzer's own configuration is not.
const FINE: [&str; 2] = [
    "format = \"json\"\nasset = \"{topic.1}\"\ntime = { from = \"{/t}\", format = \"epoch_ms\" }\n\
     [[observations]]\nkind = \"air.pm25\"\nvalue = \"/v\"\nunit = \"ug/m3\"\n",
    "format = \"csv\"\nasset = \"{id}\"\n[[observations]]\nkind = \"air.pm25\"\nvalue = \"v\"\n",
];

static FINE_READ: LazyLock<Vec<Mapping>> =
    LazyLock::new(|| FINE.iter().map(|text| Mapping::from_toml(text).expect("a mapping that is fine")).collect());

fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(3, |byte| *byte == 0);
    let configuration = parts.next().unwrap_or_default();
    let topic = String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let message = parts.next().unwrap_or_default();
    let own = std::str::from_utf8(configuration).ok().and_then(|text| Mapping::from_toml(text).ok());
    for mapping in own.iter().chain(FINE_READ.iter()) {
        pass_the_gate(mapping.drafts(&topic, message));
    }
});
