//! The page itself.

use vigiles_model::{Geometry, Incident, Task, TaskState, Timestamp};
use vigiles_runtime::documents::word;

use super::gather::Pack;
use super::html::Html;
use super::steps::{addresses_of, steps};

const STYLE: &str = include_str!("page.css");
/// Nothing is loaded from anywhere, and nothing runs.
const HEAD: &str = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"color-scheme\" content=\"light dark\">\n";

/// The page as a whole.
pub fn page(pack: &Pack, fingerprint: &str) -> String {
    let mut html = Html::default();
    let title =
        if pack.city.is_empty() { "Continuity page".to_owned() } else { format!("{}: continuity page", pack.city) };
    html.markup(HEAD)
        .element("title", &title)
        .markup("<style>")
        .markup(STYLE)
        .markup("</style>\n</head>\n<body>\n<header>\n");
    html.element("h1", &title);
    html.markup("<p class=\"state\">As it was at <strong>").text(&shown(pack.at)).markup("</strong>. ");
    html.markup("A newer page was due at ")
        .text(&shown(pack.next))
        .markup(": if it is later than that now, look for one.</p>\n");
    html.markup(
        "<p class=\"readers\">For the control room and the agencies named here alone. It holds operational data: do not publish it, \
         do not send it on, destroy old copies. Notes, callers and readings are left out.</p>\n",
    );
    if pack.left_out > 0 {
        html.element("p class=\"readers\"", &format!("{} entries had no room on this page.", pack.left_out));
    }
    contents(&mut html, pack);
    html.markup("</header>\n<main>\n");
    incidents(&mut html, pack);
    contacts(&mut html, pack);
    plans(&mut html, pack);
    assets(&mut html, pack);
    html.markup("</main>\n<footer>\n<p>Signed with the key of fingerprint (SHA-256)</p>\n");
    html.element("p class=\"key\"", fingerprint);
    html.markup(
        "<p>Compare it with the one on paper; then <code>vigiles continuity verify PAGE</code>, or <code>openssl pkeyutl -verify \
         -pubin -inkey PAGE.pub -rawin -in PAGE -sigfile PAGE.sig</code>.</p>\n</footer>\n</body>\n</html>\n",
    );
    html.finish()
}

fn contents(html: &mut Html, pack: &Pack) {
    html.markup("<nav><ul>\n");
    for (to, name, count) in [
        ("incidents", "Open incidents", pack.incidents.len()),
        ("contacts", "Contacts", pack.contacts.len() + pack.agencies.len()),
        ("plans", "Plans", pack.plans.len()),
        ("assets", "Assets", pack.assets.len()),
    ] {
        html.markup("<li><a href=\"#")
            .markup(to)
            .markup("\">")
            .text(&format!("{name} ({count})"))
            .markup("</a></li>\n");
    }
    html.markup("</ul></nav>\n");
}

fn incidents(html: &mut Html, pack: &Pack) {
    html.markup("<section id=\"incidents\"><h2>Open incidents</h2>\n");
    if pack.incidents.is_empty() {
        html.element("p", "None was open.");
    }
    for incident in &pack.incidents {
        html.markup("<article>\n");
        html.element("h3", &format!("#{} {}", incident.number, incident.title));
        html.markup("<dl>\n");
        for (name, value) in facts(pack, incident) {
            html.element("dt", name).element("dd", &value);
        }
        if let Some(geometry) = &incident.place {
            html.element("dt", "Place").markup("<dd>");
            place(html, geometry);
            html.markup("</dd>\n");
        }
        html.markup("</dl>\n");
        tasks(html, incident);
        html.markup("</article>\n");
    }
    html.markup("</section>\n");
}

fn facts(pack: &Pack, incident: &Incident) -> [(&'static str, String); 7] {
    let assets: Vec<_> = incident.assets.iter().map(|id| asset_name(pack, id.as_str())).collect();
    let assigned = incident.assigned.as_ref().map_or_else(|| "nobody".to_owned(), |to| pack.assignee(to));
    [
        ("Priority", word(&incident.priority).to_uppercase()),
        ("Severity", spaced(&word(&incident.severity))),
        ("Type", incident.incident_type.clone()),
        ("State", format!("{}, opened {}", spaced(&word(&incident.state)), shown(incident.opened))),
        ("Agency", pack.agency(incident.agency.as_str())),
        ("Given to", assigned),
        ("Assets", if assets.is_empty() { "none".to_owned() } else { assets.join(", ") }),
    ]
}

fn asset_name(pack: &Pack, id: &str) -> String {
    let found = pack.assets.iter().find(|asset| asset.id.as_str() == id);
    found.map_or_else(|| id.to_owned(), |asset| asset.name.clone())
}

fn tasks(html: &mut Html, incident: &Incident) {
    if incident.tasks.is_empty() {
        return;
    }
    html.markup("<ol class=\"tasks\">\n");
    for task in &incident.tasks {
        let class = if task.state.is_over() { "<li class=\"over\">" } else { "<li>" };
        html.markup(class).element("span class=\"box\"", sign(task));
        html.element("strong", &task.step.title);
        html.element("em", &standing(task));
        html.element("p", &task.step.instruction);
        html.markup("</li>\n");
    }
    html.markup("</ol>\n");
}

/// A box to tick on paper.
fn sign(task: &Task) -> &'static str {
    match task.state {
        TaskState::Done | TaskState::Compensated => "☑",
        TaskState::Skipped => "☒",
        _ => "☐",
    }
}

fn standing(task: &Task) -> String {
    let state = spaced(task.state.as_str());
    match task.deadline.filter(|_| !task.state.is_over()) {
        Some(deadline) => format!("{state}, due {}", shown(deadline)),
        None => state,
    }
}

fn contacts(html: &mut Html, pack: &Pack) {
    html.markup("<section id=\"contacts\"><h2>Contacts</h2>\n<h3>Agencies</h3>\n<ul>\n");
    for agency in &pack.agencies {
        html.element("li", &agency.name);
    }
    html.markup("</ul>\n<h3>People of the control room</h3>\n<table><thead><tr><th>Name</th><th>Agency</th><th>Role</th></tr></thead>\n<tbody>\n");
    for contact in &pack.contacts {
        let roles: Vec<_> = contact.roles.iter().map(|role| spaced(role)).collect();
        html.markup("<tr>").element("td", &contact.name).element("td", &contact.agency);
        html.element("td", &roles.join(", ")).markup("</tr>\n");
    }
    html.markup("</tbody></table>\n");
    let mut addresses: Vec<&String> =
        pack.plans.iter().flat_map(|plan| &plan.steps).flat_map(|step| addresses_of(step, &pack.task_kinds)).collect();
    addresses.sort();
    addresses.dedup();
    if !addresses.is_empty() {
        html.markup("<h3>Addresses that plans write to</h3>\n<ul>\n");
        for address in addresses {
            html.element("li", address);
        }
        html.markup("</ul>\n");
    }
    html.markup("</section>\n");
}

fn plans(html: &mut Html, pack: &Pack) {
    html.markup("<section id=\"plans\"><h2>Plans</h2>\n");
    for plan in &pack.plans {
        html.markup("<article>\n").element("h3", &plan.name).element("p", &plan.description);
        steps(html, plan, &pack.task_kinds);
        html.markup("</article>\n");
    }
    html.markup("</section>\n");
}

fn assets(html: &mut Html, pack: &Pack) {
    html.markup("<section id=\"assets\"><h2>Assets</h2>\n");
    for group in pack.assets.chunk_by(|a, b| a.class == b.class) {
        html.element("h3", &spaced(&group[0].class));
        html.markup("<table><thead><tr><th>Name</th><th>Agency</th><th>Place</th></tr></thead>\n<tbody>\n");
        for asset in group {
            html.markup("<tr>").element("td", &asset.name).element("td", &pack.agency(asset.agency.as_str()));
            html.markup("<td>");
            place(html, &asset.place);
            html.markup("</td></tr>\n");
        }
        html.markup("</tbody></table>\n");
    }
    html.markup("</section>\n");
}

/// Latitude and longitude, which a phone opens in its map.
fn place(html: &mut Html, geometry: &Geometry) {
    let centre = geometry.centre();
    let figures = format!("{:.5},{:.5}", centre.lat, centre.lon);
    html.markup("<a href=\"geo:").text(&figures).markup("\">").text(&figures.replace(',', ", ")).markup("</a>");
}

/// To the second; it is read by people.
fn shown(at: Timestamp) -> String {
    Timestamp::from_secs(at.0.div_euclid(1_000_000)).to_string().replace('T', " ").replace('Z', " UTC")
}

fn spaced(word: &str) -> String {
    word.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use vigiles_model::playbook::{FailureWords, Form, Outward, OutwardKind, Setting, Step, Words};
    use vigiles_model::{AgencyId, IncidentId, Playbook, PlaybookId, Reality, TaskId};

    use super::*;

    const HOSTILE: &str = "<script>alert('x')</script> & \"more\"";

    fn pack() -> Pack {
        let (id, agency) = (IncidentId::new("i-1").unwrap(), AgencyId::new("city").unwrap());
        let mut incident = Incident::opened(id, 7, agency, Reality::Actual, Timestamp::from_secs(0));
        HOSTILE.clone_into(&mut incident.title);
        let to = vec!["duty@city.example".to_owned()];
        let mail = Outward::new("letter").with("to", to).with("body", HOSTILE);
        let mut step = Step::new(HOSTILE, mail.into());
        HOSTILE.clone_into(&mut step.instruction);
        incident.tasks = vec![Task::new(TaskId::new("t-1").unwrap(), step.clone())];
        let plan = Playbook {
            id: PlaybookId::new("p").unwrap(),
            name: HOSTILE.to_owned(),
            steps: vec![step],
            version: 1,
            description: HOSTILE.to_owned(),
            source: String::new(),
        };
        let at = Timestamp(1_500_000);
        Pack {
            city: HOSTILE.to_owned(),
            at,
            incidents: vec![incident],
            plans: vec![plan],
            task_kinds: [&LETTER].into_iter().collect(),
            ..Pack::default()
        }
    }

    const WORDS: Words = Words { en: "letter", de: "Brief" };
    static LETTER: OutwardKind = OutwardKind {
        name: "letter",
        title: WORDS,
        icon: "note",
        is_retried: true,
        informs: true,
        undoes: true,
        deadline_s: None,
        failure: FailureWords { unset: WORDS, failed: WORDS },
        settings: &[
            Setting { name: "to", label: WORDS, hint: None, form: Form::Addresses { most: 9 } },
            Setting { name: "body", label: WORDS, hint: None, form: Form::Text },
        ],
        destination: |outward| outward.texts("to").join(", "),
        check: |_| Ok(()),
    };

    #[test]
    fn texts_from_outside_are_texts() {
        let text = page(&pack(), "aaaa bbbb");
        assert!(!text.contains("<script") && !text.contains("alert('x')"), "{text}");
        assert!(text.matches("&lt;script&gt;alert(&#39;x&#39;)").count() >= 8, "{text}");
    }

    #[test]
    fn it_tells_what_it_must() {
        let text = page(&pack(), "aaaa bbbb");
        for part in
            ["#7 ", "1970-01-01 00:00:01 UTC", "duty@city.example", "aaaa bbbb", "For the control room", "by hand: "]
        {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(page(&Pack::default(), "").contains("None was open."));
    }

    #[test]
    fn nothing_of_it_comes_from_elsewhere() {
        let text = page(&pack(), "");
        for part in ["http://", "https://", "url(", "@import", " src=", "<link", "<img"] {
            assert!(!text.contains(part), "{part}");
        }
    }
}
