use std::fmt::Write as _;

use vigiles_model::Value;

use super::*;

fn check(mapping: &str, topic: &str, payload: &str, expected: &[&str]) {
    let mapping = Mapping::from_toml(mapping).unwrap();
    let found: Vec<String> = mapping.drafts(topic, payload.as_bytes()).iter().map(line).collect();
    assert_eq!(found, expected);
}

/// A draft in one line: kind asset time value unit, or its flaw.
fn line(draft: &Draft) -> String {
    if let Some(flaw) = &draft.flaw {
        return format!("! {flaw}");
    }
    let value = match &draft.value {
        Value::Number(n) => n.to_string(),
        Value::Boolean(b) => b.to_string(),
        Value::Text(t) => format!("{t:?}"),
    };
    let time = draft.time.map(|t| t.to_string()).unwrap_or_default();
    let mut text = format!(
        "{} {} {time} {value} {}",
        draft.kind,
        draft.asset.as_deref().unwrap_or_default(),
        draft.unit.as_deref().unwrap_or_default()
    );
    for (name, value) in &draft.attributes {
        write!(text, " {name}={value}").unwrap();
    }
    text.trim_end().to_owned()
}

const SENSOR: &str = r#"
format = "json"
asset = "{topic.2}"
missing = ["-999"]
time = { from = "{/at}", format = "epoch_ms" }
attributes = { battery = "{/battery} V" }
[[observations]]
kind = "air.pm25"
value = "/pm/2"
unit = "ug/m3"
[[observations]]
kind = "air.temperature"
value = "/temp"
unit = "Cel"
scale = 0.1
"#;

#[test]
fn several_observations_from_one_message() {
    check(
        SENSOR,
        "lora/node 7/up",
        r#"{"at":1500,"pm":[1,2,3.5],"temp":215,"battery":3.1}"#,
        &[
            "air.pm25 node-7 1970-01-01T00:00:01.5Z 3.5 ug/m3 battery=3.1 V",
            "air.temperature node-7 1970-01-01T00:00:01.5Z 21.5 Cel battery=3.1 V",
        ],
    );
    check(SENSOR, "lora/a/up", r#"{"at":0,"temp":-999.0}"#, &[]);
    check(SENSOR, "lora/a/up", r#"{"at":0,"temp":null}"#, &[]);
}

#[test]
fn errors_name_record_and_field() {
    check(SENSOR, "t/a", "{", &["! message: not JSON: EOF while parsing an object at line 1 column 1"]);
    check(SENSOR, "t/a", r#"{"at":"x"}"#, &["! time: \"x\" is not a number since 1970"]);
    check(SENSOR, "t", r#"{"at":1}"#, &["! asset: the topic has no level 2"]);
    check(SENSOR, "t/a", r#"{"at":1}"#, &["! observations: the record has none of the mapped fields: /pm/2, /temp"]);
    check(SENSOR, "t/a", r#"{"at":1,"temp":{}}"#, &["! /temp: /temp is an object, not one value"]);
    check(
        SENSOR,
        "t/a",
        r#"[{"at":1,"temp":1},{"at":1,"temp":"hot"}]"#,
        &["air.temperature a 1970-01-01T00:00:00.001Z 0.1 Cel", "! record 1: /temp: \"hot\" is not a number"],
    );
}

#[test]
fn records_inside_a_document() {
    let mapping = r#"
format = "json"
records = "/rows"
asset = "{//station}-{/n}"
[[observations]]
kind = "door.{/what}"
value = "/open"
type = "boolean"
"#;
    check(
        mapping,
        "",
        r#"{"station":"s1","rows":[{"n":1,"what":"front","open":true},{"n":2,"what":"back","open":"off"}]}"#,
        &["door.front s1-1  true", "door.back s1-2  false"],
    );
    check(mapping, "", r#"{"rows":3}"#, &["! records: the message has no array at /rows"]);
}

const UCI: &str = r#"
format = "csv"
delimiter = ";"
decimal_comma = true
missing = ["-200"]
asset = "uci"
time = { from = "{Date} {Time}", format = "%d/%m/%Y %H.%M.%S", zone = "Europe/Rome" }
[[observations]]
kind = "air.co"
value = "CO(GT)"
unit = "mg/m3"
"#;

#[test]
fn recorded_csv_in_local_time() {
    check(
        UCI,
        "",
        "\u{feff}Date;Time;CO(GT)\n10/03/2004;18.00.00;2,6\n10/07/2004;19.00.00;-200\n10/07/2004;20.00.00;1,0\n10/03/2004;late;1\n",
        &[
            "air.co uci 2004-03-10T17:00:00Z 2.6 mg/m3",
            "air.co uci 2004-07-10T18:00:00Z 1 mg/m3",
            "! line 5: time: \"10/03/2004 late\" is not written as \"%d/%m/%Y %H.%M.%S\": strptime parsing failed: %H failed: failed to parse hour number: invalid number, no digits found",
        ],
    );
}

#[test]
fn what_is_required_is_there_with_a_value() {
    let of_sensor = |required: &str| SENSOR.replacen('\n', &format!("\nrequired = [{required}]\n"), 1);
    let codec = of_sensor(r#"{ field = "/pm", otherwise = "set a codec" }, { field = "/id", otherwise = "name it" }"#);
    let good = &["air.pm25 a 1970-01-01T00:00:00Z 3 ug/m3"];
    check(&codec, "t/a", r#"{"at":0,"pm":[1,2,3],"id":0}"#, good);
    check(&codec, "t/a", r#"{"at":0,"pm":{"2":3},"id":""}"#, good);
    check(&codec, "t/a", r#"{"at":0,"temp":1,"id":7}"#, &["! /pm: missing: set a codec"]);
    check(&codec, "t/a", r#"{"at":0,"pm":null,"temp":1}"#, &["! /pm: missing: set a codec"]);
    check(
        &codec,
        "t/a",
        r#"[{"at":0,"pm":[1,2,3],"id":1},{"at":0,"pm":[1,2,3]}]"#,
        &[good[0], "! record 1: /id: missing: name it"],
    );
    let column = UCI.replacen('\n', "\nrequired = [{ field = 'CO(GT)', otherwise = 'wire it' }]\n", 1);
    let row = "Date;Time;CO(GT)\n10/03/2004;18.00.00;\n";
    check(&column, "", row, &["! line 2: CO(GT): missing: wire it"]);
}

/// Events of ChirpStack 4, with the fields that its manual shows, and two that no mapping knows.
#[test]
fn what_chirpstack_sends() {
    let manual = include_str!("../../../../docs/mappings.md");
    let mapping = manual.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let device = r#""deviceInfo":{"tenantId":"52f14cd4-c6f1-4fbd-8f87-4025e1d49242","tenantName":"City","applicationId":"ca739e26-7b67-4f14-b69e-d568c22a5a75","applicationName":"Yards","deviceProfileId":"605d08d4-65f5-4d2c-8a5a-3d2457662f79","deviceProfileName":"Door","deviceName":"yard 3","devEui":"0101010101010101","tags":{"key":"value"}}"#;
    let event = |rest: &str| {
        format!(
            r#"{{"deduplicationId":"3ac7e3c4-4401-4b8d-9386-a5c902f9202d","time":"2022-07-18T09:34:15.775023242+00:00",{device},{rest}}}"#
        )
    };
    let up = |object: &str| {
        event(&format!(
            r#""devAddr":"00189440","dr":1,"fPort":1,"data":"qg==",{object}"rxInfo":[{{"gatewayId":"0016c001f153a14c","uplinkId":4217106255,"rssi":-36,"snr":10.5,"context":"E3OWOQ==","metadata":{{"region_name":"eu868"}}}}],"txInfo":{{"frequency":867100000,"modulation":{{"lora":{{"bandwidth":125000,"spreadingFactor":11,"codeRate":"CR_4_5"}}}}}}"#
        ))
    };
    let line = |reading: &str| format!("{reading} name=yard 3 rssi=-36 dBm");
    let temperature = line("air.temperature 0101010101010101 2022-07-18T09:34:15.775023Z 19.5 Cel");
    let open = line("door.open 0101010101010101 2022-07-18T09:34:15.775023Z true ");
    check(mapping, "", &up(r#""object":{"temp":195,"open":true},"#), &[&temperature, &open]);
    let codec = "! /object: missing: give the device profile a payload codec in ChirpStack";
    check(mapping, "", &up(""), &[codec]);
    check(mapping, "", &up(r#""object":null,"#), &[codec]);
    check(mapping, "", &event(r#""devAddr":"00189440""#), &[codec]);
    check(mapping, "", &up(r#""object":{"temp":"n/a"},"#), &["! /object/temp: \"n/a\" is not a number"]);
    check(
        mapping,
        "",
        &up(r#""object":{"humidity":40},"#),
        &["! observations: the record has none of the mapped fields: /object/temp, /object/batt, /object/open"],
    );
}

#[test]
fn configurations_are_checked() {
    let refuse = |toml: &str, path: &str| assert_eq!(Mapping::from_toml(toml).unwrap_err().path, path, "{toml}");
    refuse("format = \"json\"\nobservations = []", "observations");
    refuse("format = \"json\"\n[[observations]]\nkind=\"a\"\nvalue=\"temp\"", "observations[0].value");
    refuse("format = \"json\"\nasset=\"{a\"\n[[observations]]\nkind=\"a\"\nvalue=\"/t\"", "asset");
    refuse("format = \"json\"\n[[observations]]\nkind=\"a\"\nvalue=\"/t\"\nunit=\"furlong\"", "observations[0].unit");
    refuse(
        "format = \"json\"\ntime={from=\"{/t}\",format=\"iso\"}\n[[observations]]\nkind=\"a\"\nvalue=\"/t\"",
        "time.format",
    );
    refuse(
        "format = \"json\"\ntime={from=\"{/t}\",format=\"%H\",zone=\"Mars/Base\"}\n[[observations]]\nkind=\"a\"\nvalue=\"/t\"",
        "time.zone",
    );
    let requires = |what: &str| format!("format='json'\nrequired=[{what}]\n[[observations]]\nkind='a'\nvalue='/t'");
    refuse(&requires("{field='t',otherwise='x'}"), "required[0].field");
    refuse(&requires("{field='/t',otherwise=' '}"), "required[0].otherwise");
    refuse(&requires(&"{field='/t',otherwise='x'},".repeat(17)), "required");
    refuse("format = \"json\"\ncolour=1\n[[observations]]\nkind=\"a\"\nvalue=\"/t\"", "mapping");
}

#[test]
fn the_manuals_examples_are_good() {
    let manual = include_str!("../../../../docs/mappings.md");
    let blocks: Vec<&str> = manual.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(blocks.len(), 3);
    let payloads = [
        manual.lines().find_map(|line| line.strip_prefix('`')?.strip_suffix('`')).unwrap(),
        r#"{"station":"s1","rows":[{"n":1,"db":61.5},{"n":2,"db":58.0}]}"#,
        "Date;Time;CO(GT)\n10/03/2004;18.00.00;2,6\n",
    ];
    let expected: [&[&str]; 3] = [
        &[
            "air.temperature a81758fffe03d1f7 2026-11-22T03:00:00.775023Z 21.5 Cel name=yard 3 rssi=-57 dBm",
            "device.battery a81758fffe03d1f7 2026-11-22T03:00:00.775023Z 3.61 V name=yard 3 rssi=-57 dBm",
        ],
        &["noise.level s1-1  61.5 dB[SPL]", "noise.level s1-2  58 dB[SPL]"],
        &["air.co italy-1 2004-03-10T17:00:00Z 2.6 mg/m3"],
    ];
    for ((mapping, payload), expected) in blocks.iter().zip(payloads).zip(expected) {
        check(mapping, "application/4/device/a81758fffe03d1f7/event/up", payload, expected);
    }
}
