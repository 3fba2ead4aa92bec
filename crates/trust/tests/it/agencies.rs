use proptest::prelude::*;
use vigiles_model::{AgencyId, PersonId};
use vigiles_trust::{Action, Context, Purpose, Refusal, Resource, Role, authorise};

fn agency(name: &str) -> AgencyId {
    AgencyId::new(name).unwrap()
}

fn check(roles: &[Role], purpose: Option<Purpose>, action: Action, owner: &str, expected: Result<Purpose, &str>) {
    let person = PersonId::new("ada").unwrap();
    let found = authorise(&person, roles, &agency("fire"), purpose, action, Some(&agency(owner)));
    let found = found.map(|ctx| ctx.purpose()).map_err(|refusal| refusal.to_string());
    assert_eq!(found, expected.map_err(str::to_owned));
}

#[test]
fn refusals_say_what_is_needed() {
    check(&[Role::Operator], None, Action::Write(Resource::Incidents), "fire", Ok(Purpose::Operations));
    check(
        &[Role::Operator],
        None,
        Action::Write(Resource::Incidents),
        "police",
        Err("to change incidents of agency `police` membership of that agency is needed"),
    );
    check(
        &[Role::Auditor],
        None,
        Action::Write(Resource::Incidents),
        "fire",
        Err("to change incidents one of these roles is needed: operator, supervisor"),
    );
    check(
        &[Role::Analyst],
        Some(Purpose::Operations),
        Action::Read(Resource::Incidents),
        "fire",
        Err(
            "to read incidents the purpose `operations` cannot be claimed by your roles; claim one of: investigation, planning",
        ),
    );
}

#[test]
fn a_purpose_of_one_role_does_not_open_what_another_role_allows() {
    let roles = [Role::Operator, Role::Auditor];
    check(&roles, None, Action::Read(Resource::Audit), "police", Ok(Purpose::Oversight));
    check(
        &roles,
        Some(Purpose::Operations),
        Action::Read(Resource::Audit),
        "fire",
        Err(
            "to read audit the purpose `operations` cannot be claimed by your roles; claim one of: investigation, oversight",
        ),
    );
}

#[test]
fn nobody_without_roles_may_do_anything() {
    for action in Action::all() {
        let refused = authorise(&PersonId::new("eve").unwrap(), &[], &agency("fire"), None, action, None);
        assert!(matches!(refused, Err(Refusal::Role { .. })), "{action}");
    }
}

#[test]
fn the_platform_itself_may_do_everything() {
    let ctx = Context::system("engine");
    assert_eq!(ctx.actor().to_string(), "system:engine");
    for action in Action::all() {
        assert!(ctx.permits(action, Some(&agency("fire"))));
    }
    assert!(ctx.may_see(Some(&agency("fire"))));
}

fn roles() -> impl Strategy<Value = Vec<Role>> {
    proptest::sample::subsequence(Role::ALL.to_vec(), 0..=Role::ALL.len())
}

proptest! {
    /// A row that a list shows can be read by itself, and the other way round.
    #[test]
    fn rows_are_filtered_as_single_reads_are_decided(
        roles in roles(),
        purpose in proptest::option::of(proptest::sample::select(Purpose::ALL.to_vec())),
        action in proptest::sample::select(Action::all().collect::<Vec<_>>()),
        owner in proptest::option::of(proptest::sample::select(vec!["fire", "police"])),
    ) {
        let (person, own, owner) = (PersonId::new("ada").unwrap(), agency("fire"), owner.map(agency));
        let list = authorise(&person, &roles, &own, purpose, action, None);
        let single = authorise(&person, &roles, &own, purpose, action, owner.as_ref());
        match list {
            Ok(ctx) => prop_assert_eq!(ctx.may_see(owner.as_ref()), single.is_ok()),
            Err(_) => prop_assert!(single.is_err()),
        }
    }

    /// More roles never take a right away.
    #[test]
    fn rights_only_grow_with_roles(
        roles in roles(),
        more in proptest::sample::select(Role::ALL.to_vec()),
        action in proptest::sample::select(Action::all().collect::<Vec<_>>()),
        purpose in proptest::sample::select(Purpose::ALL.to_vec()),
    ) {
        let (person, own) = (PersonId::new("ada").unwrap(), agency("fire"));
        let all: Vec<_> = roles.iter().copied().chain([more]).collect();
        let before = authorise(&person, &roles, &own, Some(purpose), action, None).is_ok();
        let after = authorise(&person, &all, &own, Some(purpose), action, None).is_ok();
        prop_assert!(!before || after);
    }
}
