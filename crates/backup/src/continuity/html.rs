//! Writing HTML: every text that comes from outside goes through [`Html::text`].

/// A page under construction.
#[derive(Debug, Default)]
pub(super) struct Html(String);

impl Html {
    /// Markup of this program's own.
    pub(super) fn markup(&mut self, markup: &str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// A text, so that it is shown as it is.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// An element that holds a text; nothing where the text is empty. `tag` may have attributes.
    pub(super) fn element(&mut self, tag: &str, text: &str) -> &mut Self {
        if text.is_empty() {
            return self;
        }
        let name = tag.split_whitespace().next().unwrap_or(tag).to_owned();
        self.markup("<").markup(tag).markup(">").text(text).markup("</").markup(&name).markup(">\n")
    }

    pub(super) fn finish(self) -> String {
        self.0
    }
}
