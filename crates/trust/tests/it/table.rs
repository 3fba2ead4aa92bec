use std::fmt::Write as _;
use std::path::Path;

use vigiles_model::{AgencyId, PersonId};
use vigiles_trust::{Action, Purpose, Role, authorise};

fn allowed(role: Role, purpose: Option<Purpose>, action: Action, owner: &str) -> bool {
    let (person, own) = (PersonId::new("ada").unwrap(), AgencyId::new("own").unwrap());
    authorise(&person, &[role], &own, purpose, action, Some(&AgencyId::new(owner).unwrap())).is_ok()
}

fn reach(role: Role, action: Action) -> &'static str {
    match (allowed(role, None, action, "own"), allowed(role, None, action, "other")) {
        (true, true) => "all",
        (true, false) => "own",
        (false, false) => "-",
        (false, true) => "OTHERS ONLY",
    }
}

fn table() -> String {
    let mut text = String::from("What each role may do: to things of all agencies, of its own, or not at all.\n\n");
    write!(text, "{:22}", "").unwrap();
    for role in Role::ALL {
        write!(text, "{:>14}", role.as_str()).unwrap();
    }
    text.push('\n');
    for action in Action::all() {
        write!(text, "{:22}", action.to_string()).unwrap();
        for role in Role::ALL {
            write!(text, "{:>14}", reach(role, action)).unwrap();
        }
        text.push('\n');
    }
    text.push_str("\nPurposes each role may claim.\n\n");
    for role in Role::ALL {
        let purposes = Purpose::ALL
            .into_iter()
            .filter(|purpose| Action::all().any(|action| allowed(role, Some(*purpose), action, "own")));
        let words: Vec<_> = purposes.map(Purpose::as_str).collect();
        writeln!(text, "{:22}{}", role.as_str(), words.join(", ")).unwrap();
    }
    text
}

#[test]
fn every_role_and_action_is_as_the_table_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/policy.txt");
    let found = table();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap();
    assert_eq!(found, expected, "the policy changed; if that is meant, run with BLESS=1 and review the difference");
}

#[test]
fn words_read_back() {
    for role in Role::ALL {
        assert_eq!(role.as_str().parse(), Ok(role));
    }
    for purpose in Purpose::ALL {
        assert_eq!(purpose.as_str().parse(), Ok(purpose));
    }
    assert!("root".parse::<Role>().unwrap_err().to_string().contains("operator, supervisor"));
}
