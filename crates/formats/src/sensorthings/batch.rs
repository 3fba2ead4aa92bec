//! Batch requests: several requests in one, as `multipart/mixed` after OData 4.0 part 1, 11.7.

use super::SyntaxError;

/// Most requests of a batch.
pub const MAX_REQUESTS: usize = 1000;

/// One request of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// The method.
    pub method: String,
    /// The address as it was sent: absolute, from the root, or below the service.
    pub url: String,
    /// The headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// Its `Content-ID`: further requests of its change set name what it made by it.
    pub content_id: Option<String>,
}

/// One part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// A request by itself.
    One(Request),
    /// Requests that belong together.
    ChangeSet(Vec<Request>),
}

/// The answer to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status and its words: `201 Created`.
    pub status: String,
    /// Headers.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
    /// The `Content-ID` of its request.
    pub content_id: Option<String>,
}

/// The boundary in a content type.
pub fn boundary(content_type: &str) -> Option<&str> {
    let (kind, parameters) = content_type.split_once(';')?;
    if !kind.trim().eq_ignore_ascii_case("multipart/mixed") {
        return None;
    }
    parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let value = value.trim().trim_matches('"');
        (name.trim().eq_ignore_ascii_case("boundary") && !value.is_empty()).then_some(value)
    })
}

/// Reads a batch.
pub fn read(content_type: &str, body: &[u8]) -> Result<Vec<Part>, SyntaxError> {
    let boundary = boundary(content_type)
        .ok_or_else(|| SyntaxError::new("Content-Type", "multipart/mixed with a boundary is expected"))?;
    let mut count = 0;
    let mut found = Vec::new();
    for (at, part) in parts(body, boundary)?.into_iter().enumerate() {
        let place = format!("part {}", at + 1);
        let (headers, content) = head(&place, part)?;
        let kind = header(&headers, "content-type").unwrap_or_default().to_owned();
        if self::boundary(&kind).is_some() {
            let inner = parts(content, self::boundary(&kind).unwrap_or_default())?;
            count += inner.len();
            let requests = inner.into_iter().map(|part| {
                let (headers, content) = head(&place, part)?;
                request(&place, &headers, content)
            });
            found.push(Part::ChangeSet(requests.collect::<Result<_, _>>()?));
        } else {
            count += 1;
            found.push(Part::One(request(&place, &headers, content)?));
        }
        if count > MAX_REQUESTS {
            return Err(SyntaxError::new("body", format_args!("a batch has at most {MAX_REQUESTS} requests")));
        }
    }
    Ok(found)
}

/// What stands between the boundaries.
fn parts<'a>(body: &'a [u8], boundary: &str) -> Result<Vec<&'a [u8]>, SyntaxError> {
    let delimiter = format!("--{boundary}");
    let mut found = Vec::new();
    let mut start = None;
    let mut at = 0;
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let text = line.trim_ascii_end();
        if let Some(rest) = text.strip_prefix(delimiter.as_bytes())
            && (rest.is_empty() || rest == b"--")
        {
            if let Some(start) = start {
                found.push(
                    body[start..at]
                        .strip_suffix(b"\n")
                        .map_or(&body[start..at], |b| b.strip_suffix(b"\r").unwrap_or(b)),
                );
            }
            if rest == b"--" {
                return Ok(found);
            }
            start = Some(at + line.len());
        }
        at += line.len();
    }
    Err(SyntaxError::new("body", format_args!("the last boundary, {delimiter}--, is missing")))
}

type Headers = Vec<(String, String)>;

/// Headers up to the empty line, and what follows.
fn head<'a>(place: &str, part: &'a [u8]) -> Result<(Headers, &'a [u8]), SyntaxError> {
    let mut headers = Vec::new();
    let mut at = 0;
    for line in part.split_inclusive(|byte| *byte == b'\n') {
        at += line.len();
        let text = line.trim_ascii();
        if text.is_empty() {
            return Ok((headers, &part[at..]));
        }
        let text = std::str::from_utf8(text).map_err(|_| SyntaxError::new(place, "a header is not UTF-8"))?;
        let (name, value) =
            text.split_once(':').ok_or_else(|| SyntaxError::new(place, format_args!("{text:?} is no header")))?;
        headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
    }
    Ok((headers, &part[at..]))
}

fn header<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

fn request(place: &str, outer: &Headers, content: &[u8]) -> Result<Request, SyntaxError> {
    let kind = header(outer, "content-type").unwrap_or_default();
    if !kind.to_ascii_lowercase().starts_with("application/http") {
        return Err(SyntaxError::new(place, format_args!("application/http is expected, not {kind:?}")));
    }
    let line_end = content.iter().position(|byte| *byte == b'\n').unwrap_or(content.len());
    let line = std::str::from_utf8(&content[..line_end]).unwrap_or_default().trim();
    let mut words = line.split(' ').filter(|word| !word.is_empty());
    let (method, url) = match (words.next(), words.next()) {
        (Some(method), Some(url)) => (method.to_ascii_uppercase(), url.to_owned()),
        _ => return Err(SyntaxError::new(place, format_args!("{line:?} is no request line"))),
    };
    let (headers, body) = head(place, content.get(line_end + 1..).unwrap_or_default())?;
    let content_id = header(outer, "content-id").or_else(|| header(&headers, "content-id")).map(str::to_owned);
    Ok(Request { method, url, body: body.to_vec(), content_id, headers })
}

/// Writes the answers to a batch; a change set has several.
pub fn write(boundary: &str, answers: &[Vec<Answer>], is_set: &[bool]) -> Vec<u8> {
    let mut out = Vec::new();
    for (at, (group, is_set)) in answers.iter().zip(is_set).enumerate() {
        if *is_set {
            let inner = format!("{boundary}-{at}");
            out.extend_from_slice(
                format!("--{boundary}\r\nContent-Type: multipart/mixed; boundary={inner}\r\n\r\n").as_bytes(),
            );
            for answer in group {
                write_one(&inner, answer, &mut out);
            }
            out.extend_from_slice(format!("--{inner}--\r\n").as_bytes());
        } else {
            for answer in group {
                write_one(boundary, answer, &mut out);
            }
        }
    }
    out.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    out
}

fn write_one(boundary: &str, answer: &Answer, out: &mut Vec<u8>) {
    let id = answer.content_id.as_ref().map_or_else(String::new, |id| format!("Content-ID: {id}\r\n"));
    out.extend_from_slice(
        format!("--{boundary}\r\nContent-Type: application/http\r\n{id}\r\nHTTP/1.1 {}\r\n", answer.status).as_bytes(),
    );
    for (name, value) in &answer.headers {
        out.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
    }
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(&answer.body);
    out.extend_from_slice(b"\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPE: &str = "multipart/mixed;boundary=batch_1";

    #[test]
    fn a_batch_with_a_change_set() {
        let body = "--batch_1\r\nContent-Type: application/http\r\n\r\nGET /v1.1/Things?$top=1 HTTP/1.1\r\nAccept: */*\r\n\r\n\r\n\
                    --batch_1\r\nContent-Type: multipart/mixed;boundary=set_2\r\n\r\n\
                    --set_2\r\nContent-Type: application/http\r\nContent-ID: 1\r\n\r\nPOST Things HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"a\":1}\r\n\
                    --set_2--\r\n\r\n--batch_1--\r\n";
        let parts = read(TYPE, body.as_bytes()).unwrap();
        let [Part::One(get), Part::ChangeSet(set)] = parts.as_slice() else { panic!("{parts:?}") };
        assert_eq!((get.method.as_str(), get.url.as_str()), ("GET", "/v1.1/Things?$top=1"));
        assert_eq!((set[0].content_id.as_deref(), set[0].body.as_slice()), (Some("1"), &b"{\"a\":1}"[..]));
    }

    #[test]
    fn faults_say_where() {
        for (kind, body, part) in [
            ("application/json", "", "Content-Type"),
            (TYPE, "--batch_1\r\n", "body"),
            (TYPE, "--batch_1\r\nnonsense\r\n\r\n--batch_1--", "part 1"),
            (TYPE, "--batch_1\r\nContent-Type: text/plain\r\n\r\nx\r\n--batch_1--", "part 1"),
            (TYPE, "--batch_1\r\nContent-Type: application/http\r\n\r\nGET\r\n--batch_1--", "part 1"),
        ] {
            assert_eq!(read(kind, body.as_bytes()).unwrap_err().part, part, "{body}");
        }
    }

    #[test]
    fn answers_stand_between_boundaries() {
        let answer = Answer {
            status: "201 Created".into(),
            headers: vec![("Location".into(), "x".into())],
            body: b"{}".to_vec(),
            content_id: Some("1".into()),
        };
        let text = String::from_utf8(write("b", &[vec![answer.clone()], vec![answer]], &[false, true])).unwrap();
        assert_eq!(text.matches("HTTP/1.1 201 Created\r\nLocation: x\r\n\r\n{}").count(), 2);
        assert!(text.contains("boundary=b-1") && text.ends_with("--b-1--\r\n--b--\r\n"), "{text}");
    }
}
