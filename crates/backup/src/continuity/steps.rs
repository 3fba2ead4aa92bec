//! The steps of a plan, for people to do by hand what the platform would have done.

use vigiles_model::Playbook;
use vigiles_model::playbook::{Action, Form, Outward, OutwardKinds, SettingValue, Step};

use super::html::Html;

/// The addresses that a step writes to.
pub(super) fn addresses_of<'a>(step: &'a Step, kinds: &OutwardKinds) -> Vec<&'a String> {
    let Some(outward) = step.action.outward() else { return Vec::new() };
    let settings = kinds.get(&outward.kind).into_iter().flat_map(|kind| kind.settings);
    let is_addresses = |form: Form| matches!(form, Form::Addresses { .. });
    settings.filter(|setting| is_addresses(setting.form)).flat_map(|setting| outward.texts(setting.name)).collect()
}

pub(super) fn steps(html: &mut Html, plan: &Playbook, kinds: &OutwardKinds) {
    html.markup("<ol class=\"tasks\">\n");
    for step in &plan.steps {
        html.markup("<li>").element("span class=\"box\"", "☐").element("strong", &step.title);
        if let Some(outward) = step.action.outward() {
            html.element("em", &format!("by hand: {}", kinds.destination(outward)));
        }
        html.element("p", &step.instruction);
        match &step.action {
            Action::Outward(outward) => settings(html, outward, kinds),
            Action::Ask { question, options } => {
                html.element("p", question).element("p", &options.join(" / "));
            }
            Action::NotifyConsole { message: text } | Action::Annotate { text } => drop(html.element("p", text)),
            Action::Manual | Action::Assign { .. } | Action::Wait { .. } | Action::OpenRoom { .. } => {}
        }
        if let Some(when) = &step.when {
            html.element("p", &format!("Only when: {when}"));
        }
        if let Some(seconds) = step.deadline_s {
            html.element("p", &format!("Within {} min", seconds.div_ceil(60)));
        }
        html.markup("</li>\n");
    }
    html.markup("</ol>\n");
}

/// What people have to know to do it: its texts and numbers. Where it goes is said already.
fn settings(html: &mut Html, outward: &Outward, kinds: &OutwardKinds) {
    let settings = kinds.get(&outward.kind).into_iter().flat_map(|kind| kind.settings);
    for setting in settings {
        match (setting.form, outward.get(setting.name)) {
            (Form::Line, Some(SettingValue::Text(text))) => drop(html.element("p", text)),
            (Form::Text, Some(SettingValue::Text(text))) => drop(html.element("pre", text)),
            (Form::Number { unit, .. }, Some(SettingValue::Number(n))) => {
                html.element("p", format!("{}: {n} {unit}", setting.label.en).trim_end());
            }
            _ => {}
        }
    }
}
