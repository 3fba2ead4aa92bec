use proptest::prelude::*;

use super::*;

/// The units that were known one by one before codes were read by UCUM's grammar: code, quantity, factor, offset.
const FORMER: &[(&str, &str, f64, f64)] = &[
    ("1", "number", 1.0, 0.0),
    ("%", "number", 0.01, 0.0),
    ("[ppm]", "number", 1e-6, 0.0),
    ("{count}", "number", 1.0, 0.0),
    ("[ppb]", "number", 1e-9, 0.0),
    ("g/m3", "density", 1.0, 0.0),
    ("mg/m3", "density", 1e-3, 0.0),
    ("ug/m3", "density", 1e-6, 0.0),
    ("Cel", "temperature", 1.0, 273.15),
    ("K", "temperature", 1.0, 0.0),
    ("[degF]", "temperature", 5.0 / 9.0, 459.67 * 5.0 / 9.0),
    ("m/s", "speed", 1.0, 0.0),
    ("km/h", "speed", 1.0 / 3.6, 0.0),
    ("[mi_i]/h", "speed", 0.44704, 0.0),
    ("[kn_i]", "speed", 1852.0 / 3600.0, 0.0),
    ("m", "length", 1.0, 0.0),
    ("mm", "length", 1e-3, 0.0),
    ("cm", "length", 1e-2, 0.0),
    ("km", "length", 1e3, 0.0),
    ("[ft_i]", "length", 0.3048, 0.0),
    ("Pa", "pressure", 1.0, 0.0),
    ("hPa", "pressure", 100.0, 0.0),
    ("kPa", "pressure", 1000.0, 0.0),
    ("bar", "pressure", 1e5, 0.0),
    ("s", "time", 1.0, 0.0),
    ("ms", "time", 1e-3, 0.0),
    ("min", "time", 60.0, 0.0),
    ("h", "time", 3600.0, 0.0),
    ("d", "time", 86400.0, 0.0),
    ("dB[SPL]", "sound level", 1.0, 0.0),
    ("lx", "illuminance", 1.0, 0.0),
    ("W", "power", 1.0, 0.0),
    ("kW", "power", 1e3, 0.0),
    ("V", "voltage", 1.0, 0.0),
    ("A", "current", 1.0, 0.0),
    ("Hz", "frequency", 1.0, 0.0),
    ("/min", "frequency", 1.0 / 60.0, 0.0),
    ("/h", "frequency", 1.0 / 3600.0, 0.0),
    ("deg", "angle", 1.0, 0.0),
    ("m3/s", "flow", 1.0, 0.0),
    ("L/min", "flow", 1e-3 / 60.0, 0.0),
];

/// One of `code` is so many of `same`; also said by UCUM's tables.
fn check_same(code: &str, many: f64, same: &str) {
    let got = Conversion::between(code, same).unwrap_or_else(|error| panic!("{error}")).apply_to_difference(1.0);
    assert!((got - many).abs() <= 1e-12 * many, "1 {code} is {got} {same}, not {many}");
}

fn check_value(value: f64, from: &str, to: &str, expected: f64) {
    let got = convert(value, from, to).unwrap_or_else(|error| panic!("{error}"));
    assert!((got - expected).abs() < 1e-9 * expected.abs().max(1.0), "{value} {from} -> {got} {to}");
}

fn check_error(code: &str, expected: &str) {
    assert_eq!(check(code).expect_err(code).to_string(), expected);
}

fn check_apart(from: &str, to: &str) {
    assert_eq!(convert(1.0, from, to), Err(UnitError::Dimension { from: from.into(), to: to.into() }));
}

#[test]
fn what_was_known_before_means_the_same() {
    for &(from, quantity, factor, offset) in FORMER {
        for &(to, other, to_factor, to_offset) in FORMER {
            if quantity != other {
                check_apart(from, to);
                continue;
            }
            check_same(from, factor / to_factor, to);
            for value in [-40.0, 0.0, 0.3, 21.5, 1013.25, 1e6] {
                check_value(value, from, to, (value * factor + offset - to_offset) / to_factor);
            }
        }
    }
}

#[test]
fn atoms_are_what_the_tables_of_ucum_define() {
    let definitions = [
        ("sr", 1.0, "rad2"),
        ("Hz", 1.0, "s-1"),
        ("N", 1.0, "kg.m/s2"),
        ("Pa", 1.0, "N/m2"),
        ("J", 1.0, "N.m"),
        ("W", 1.0, "J/s"),
        ("A", 1.0, "C/s"),
        ("V", 1.0, "J/C"),
        ("F", 1.0, "C/V"),
        ("Ohm", 1.0, "V/A"),
        ("S", 1.0, "Ohm-1"),
        ("Wb", 1.0, "V.s"),
        ("T", 1.0, "Wb/m2"),
        ("H", 1.0, "Wb/A"),
        ("lm", 1.0, "cd.sr"),
        ("lx", 1.0, "lm/m2"),
        ("Bq", 1.0, "s-1"),
        ("Gy", 1.0, "J/kg"),
        ("Sv", 1.0, "J/kg"),
        ("kat", 1.0, "mol/s"),
        ("mol", 6.022_136_7, "10*9.10*9.10*5"),
        ("gon", 0.9, "deg"),
        ("deg", 2.0, "[pi].rad/360"),
        ("'", 1.0, "deg/60"),
        ("''", 1.0, "'/60"),
        ("l", 1.0, "dm3"),
        ("L", 1.0, "l"),
        ("ar", 100.0, "m2"),
        ("min", 60.0, "s"),
        ("h", 60.0, "min"),
        ("d", 24.0, "h"),
        ("wk", 7.0, "d"),
        ("a", 365.25, "d"),
        ("mo", 1.0, "a/12"),
        ("t", 1e3, "kg"),
        ("bar", 1e5, "Pa"),
        ("atm", 101_325.0, "Pa"),
        ("[g]", 9.80665, "m/s2"),
        ("m[Hg]", 133.322, "kPa"),
        ("m[H2O]", 9.80665, "kPa"),
        ("[in_i'Hg]", 1.0, "m[Hg].[in_i]/m"),
        ("cal", 4.184, "J"),
        ("[in_i]", 2.54, "cm"),
        ("[ft_i]", 12.0, "[in_i]"),
        ("[yd_i]", 3.0, "[ft_i]"),
        ("[mi_i]", 5280.0, "[ft_i]"),
        ("[nmi_i]", 1852.0, "m"),
        ("[kn_i]", 1.0, "[nmi_i]/h"),
        ("[sin_i]", 1.0, "[in_i]2"),
        ("[sft_i]", 1.0, "[ft_i]2"),
        ("[cft_i]", 1.0, "[ft_i]3"),
        ("[gal_us]", 231.0, "[in_i]3"),
        ("[lb_av]", 453.592_37, "g"),
        ("[oz_av]", 1.0, "[lb_av]/16"),
        ("[lbf_av]", 1.0, "[lb_av].[g]"),
        ("[psi]", 1.0, "[lbf_av]/[sin_i]"),
        ("By", 8.0, "bit"),
        ("Bd", 1.0, "/s"),
        ("%", 1.0, "10*-2"),
        ("[ppth]", 1.0, "10^-3"),
        ("[ppm]", 1.0, "10*-6"),
        ("[ppb]", 1.0, "10*-9"),
        ("[pptr]", 1e-3, "10*-9"),
        ("kat", 1.0, "mol.s-1"),
        ("bit", 1.0, "1"),
    ];
    for (code, many, same) in definitions {
        check_same(code, many, same);
    }
}

#[test]
fn the_grammar_is_that_of_ucum() {
    check_same("mg/L", 1e6, "ug/m3");
    check_same("kW.h", 3.6e6, "J");
    check_same("W/m2", 1.0, "kg.s-3");
    check_same("m/s2", 1.0, "m.s-2");
    check_same("m+2", 1.0, "m2");
    check_same("kg.m/s2", 1.0, "kg.m.s-2");
    check_same("m/s/h", 1.0, "m/(s.h)");
    check_same("m/s.h", 1.0, "(m/s).h");
    check_same("/(m.s)", 1.0, "m-1.s-1");
    check_same("/m.s", 1.0, "m-1.s-1");
    check_same("((((((((m))))))))", 1.0, "m");
    check_same("10*3/uL", 1.0, "10^9/L");
    check_same("100.m", 1.0, "hm");
    check_same("2/3", 2.0, "/3");
    check_same("{vehicle}/h", 1.0, "/h");
    check_same("{}", 1.0, "1");
    check_same("ug{dry}/m3{20Cel,1013hPa}", 1.0, "ug/m3");
    check_same("mm[Hg]", 133.322, "Pa");
    check_same("cm[H2O]", 98.0665, "Pa");
    check_same("MiBy", 1_048_576.0, "By");
    check_same("Gibit/s", 1_073_741_824.0, "Bd");
    check_same("dam", 10.0, "m");
    check_same("cd", 100.0, "ccd");
    check_same("uSv/h", 1e-6, "Sv/h");
    check_same("m0", 1.0, "1");
    check_same("mm/h", 1.0, "L/(m2.h)");
}

#[test]
fn converts_inside_a_dimension() {
    assert_eq!(convert(36.0, "km/h", "m/s"), Ok(10.0));
    assert_eq!(convert(0.3, "mg/m3", "ug/m3"), Ok(300.0));
    assert_eq!(convert(7.0, "ug/m3", "mg/m3"), Ok(0.007));
    check_value(212.0, "[degF]", "Cel", 100.0);
    check_value(-40.0, "Cel", "[degF]", -40.0);
    check_value(1500.0, "mCel", "K", 274.65);
    check_value(21.0, "Cel{indoor}", "K", 294.15);
    check_value(6.5, "B[SPL]", "dB[SPL]", 65.0);
    check_value(50.0, "%", "1", 0.5);
    check_same("Cel", 1.8, "[degF]");
}

#[test]
fn what_differs_is_kept_apart() {
    check_apart("m", "s");
    check_apart("[ppm]", "ug/m3");
    check_apart("rad", "1");
    check_apart("dB", "1");
    check_apart("dB[SPL]", "dB");
    check_apart("[pH]", "1");
    check_apart("V", "A");
}

#[test]
fn errors_name_the_place_and_what_was_expected() {
    let example = "expected a UCUM code, such as ug/m3, Cel, km/h, %";
    check_error("mg/xyz", &format!("unknown unit `xyz` at column 4 of `mg/xyz`; {example}"));
    check_error("ppm", &format!("unknown unit `ppm` at column 1 of `ppm`; {example}"));
    check_error("CEL", &format!("unknown unit `CEL` at column 1 of `CEL`; {example}"));
    let at = |found: &str, column: usize, code: &str, expected: &str| {
        check_error(code, &format!("unit code: {found} at column {column} of `{code}`; expected {expected}"));
    };
    let unit = "a unit, a number, `{` or `(`";
    at("the end", 1, "", unit);
    at("the end", 3, "m/", unit);
    at("`/`", 2, "//m", unit);
    at("`/`", 2, "(/m)", unit);
    at("`µ`", 1, "µg/m3", unit);
    at("` `", 3, "km /h", "`.`, `/` or the end");
    at("`m`", 2, "2m", "`.`, `/` or the end");
    at("`)`", 2, "m)", "`.`, `/` or the end");
    at("`2`", 4, "(m)2", "`.`, `/` or the end");
    at("the end", 5, "(m/s", "`.`, `/` or `)`");
    at("the end", 3, "m-", "a digit");
    at("`10`", 2, "m10", "an exponent from -9 to 9");
    at("`-10`", 4, "10*-10", "an exponent from -9 to 9");
    at("`-32768`", 2, "m-32768", "an exponent from -9 to 9");
    at("`0`", 3, "m/0", "a number above zero");
    at("the end", 7, "[ft_i2", "`]`");
    at("` `", 3, "{a b}", "`}`; annotations are of printable ASCII without blanks");
    at("`kmin`", 1, "kmin", "a prefix only before units such as m, g, s, Pa, W, By");
    at("`(`", 9, "(((((((((m", "at most 8 parentheses inside each other");
    at("`Ym9`", 1, "Ym9", "a magnitude between 1e-150 and 1e150");
    let alone = "it alone, since its numbers cannot be multiplied; differences of temperature are in K";
    at("`Cel`", 1, "Cel/h", alone);
    at("`dB[SPL]`", 3, "2.dB[SPL]", alone);
    at("`[degF]`", 1, "[degF]2", alone);
    check_error(&"m.".repeat(40), &format!("unit code: 80 bytes in `{}…`; expected at most 64", "m.".repeat(32)));
}

/// Codes by the grammar, with exponents that stay in its bounds.
fn any_code() -> impl Strategy<Value = String> {
    let unit = prop::sample::select(vec!["m", "s", "kg", "uA", "min", "[ft_i]", "%", "L", "deg", "hPa", "10*", "cd"]);
    let part = (unit, -3i8..=3).prop_map(|(unit, exponent)| format!("{unit}{exponent}"));
    prop::collection::vec((part, prop::bool::ANY), 1..6).prop_map(|parts| {
        let mut code = String::new();
        for (part, divides) in parts {
            if !code.is_empty() || divides {
                code.push(if divides { '/' } else { '.' });
            }
            code.push_str(&part);
        }
        code
    })
}

proptest! {
    #[test]
    fn there_and_back_is_the_same_value(code in any_code(), factor in 1u32..1000, value in -1e6..1e6f64) {
        let other = format!("{factor}.({})", code.trim_start_matches('/'));
        prop_assume!(!code.starts_with('/') && other.len() <= parse::MAX_BYTES);
        let there = convert(value, &code, &other).expect("the same dimension");
        prop_assert!((there * f64::from(factor) - value).abs() <= 1e-9 * value.abs());
        let back = convert(there, &other, &code).expect("the same dimension");
        prop_assert!((back - value).abs() <= 1e-9 * value.abs());
    }

    #[test]
    fn a_unit_divided_by_itself_is_one(code in any_code()) {
        prop_assume!(!code.starts_with('/'));
        let product = format!("({code})/({code})");
        prop_assume!(product.len() <= parse::MAX_BYTES);
        prop_assert!((convert(1.0, &product, "1").expect("a number") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn any_text_is_read_or_refused_with_a_place_in_it(code in "[ -~µ²]{0,70}|[mskgL%/.(){}0-9*^-]{0,70}") {
        match check(&code) {
            Ok(()) => {
                let one = Conversion::between(&code, &code).expect("itself").apply_to_difference(1.0);
                prop_assert_eq!(one.to_bits(), 1f64.to_bits());
            }
            Err(UnitError::Unknown { column, .. } | UnitError::Malformed { column, .. }) => {
                prop_assert!(column >= 1 && column <= code.len() + 1);
            }
            Err(UnitError::TooLong { bytes, .. }) => prop_assert!(bytes > parse::MAX_BYTES),
            Err(error @ UnitError::Dimension { .. }) => prop_assert!(false, "{error}"),
        }
    }
}

#[test]
fn plain_numbers_and_zero_points_are_told() {
    let check =
        |code: &str, expected: (bool, bool)| assert_eq!((is_plain(code), has_zero_point(code)), expected, "{code}");
    for code in ["%", "1", "{vehicle}", "[ppm]", "m/km"] {
        check(code, (true, false));
    }
    for code in ["Cel", "[degF]"] {
        check(code, (false, true));
    }
    for code in ["K", "ug/m3", "dB", "/h", "", "parsec of dust"] {
        check(code, (false, false));
    }
}
