//! The OpenAPI 3.1 document, made from the endpoints.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::Method;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{HttpMethod, OperationBuilder, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::response::ResponseBuilder;
use utoipa::openapi::schema::{ComponentsBuilder, ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, PathsBuilder, Ref, Required, Schema};

use crate::endpoint::{Access, Endpoint, IfMatch, reference, schemas_of};
use crate::gate::{IDEMPOTENCY_KEY, PURPOSE};
use crate::problem::{Body9457, Code};
use crate::session_cookie::COOKIE;

/// Builds the document.
pub(crate) fn document(endpoints: &[Endpoint]) -> OpenApi {
    let mut components = ComponentsBuilder::new()
        .security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(COOKIE))))
        .security_scheme(
            "token",
            SecurityScheme::Http(
                HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("vgl_<id>_<secret>").build(),
            ),
        );
    for (name, schema) in schemas_of::<Body9457>() {
        components = components.schema(name, schema);
    }
    let statuses: BTreeSet<u16> = endpoints.iter().flat_map(problems).collect();
    for status in statuses {
        components = components.response(format!("Problem{status}"), problem(status));
    }
    let mut paths = PathsBuilder::new();
    for endpoint in endpoints {
        for (name, schema) in &endpoint.schemas {
            components = components.schema(name.clone(), schema.clone());
        }
        // OpenAPI knows no parameter over several segments: the star is the router's.
        paths =
            paths.path(endpoint.path.replace("{*", "{"), PathItem::new(method(&endpoint.method), operation(endpoint)));
    }
    let info = InfoBuilder::new()
        .title("Vigiles")
        .version("1")
        .description(Some(
            "The open city-safety platform. Times are RFC 3339, places are GeoJSON in WGS 84, units are UCUM, \
             errors are RFC 9457 problem details that say what, where and how to mend it.",
        ))
        .license(Some(LicenseBuilder::new().name("Apache-2.0").identifier(Some("Apache-2.0")).build()));
    OpenApiBuilder::new().info(info).paths(paths).components(Some(components.build())).build()
}

fn method(method: &Method) -> HttpMethod {
    match method.as_str() {
        "POST" => HttpMethod::Post,
        "PUT" => HttpMethod::Put,
        "PATCH" => HttpMethod::Patch,
        "DELETE" => HttpMethod::Delete,
        _ => HttpMethod::Get,
    }
}

fn operation(endpoint: &Endpoint) -> OperationBuilder {
    let mut operation = OperationBuilder::new()
        .operation_id(Some(endpoint.id))
        .tag(endpoint.tag)
        .summary(Some(endpoint.summary))
        .description(Some(who(endpoint.access)));
    for parameter in parameters(endpoint) {
        operation = operation.parameter(parameter);
    }
    if let Some(body) = &endpoint.body {
        let mut request = RequestBodyBuilder::new().required(Some(Required::True));
        for (content_type, schema) in &body.content {
            request = request.content(*content_type, ContentBuilder::new().schema(Some(schema.clone())).build());
        }
        operation = operation.request_body(Some(request.build()));
    }
    for (status, response) in responses(endpoint) {
        operation = operation.response(status.to_string(), response.build());
    }
    for status in problems(endpoint) {
        operation = operation.response(status.to_string(), Ref::from_response_name(format!("Problem{status}")));
    }
    match endpoint.access {
        Access::Anyone => operation,
        Access::SignedIn | Access::May(_) | Access::Asked => operation
            .security(SecurityRequirement::new("session", Vec::<String>::new()))
            .security(SecurityRequirement::new("token", Vec::<String>::new())),
    }
}

/// The answers when all is well; those of one status are one response with several types.
fn responses(endpoint: &Endpoint) -> BTreeMap<u16, ResponseBuilder> {
    let mut responses: BTreeMap<u16, ResponseBuilder> = BTreeMap::new();
    for answer in &endpoint.answers {
        let found = responses.remove(&answer.status);
        let mut response = found.unwrap_or_else(|| ResponseBuilder::new().description(answer.description));
        if let Some((content_type, schema)) = &answer.content {
            response = response.content(*content_type, ContentBuilder::new().schema(Some(schema.clone())).build());
        }
        if answer.etag {
            let text = ObjectBuilder::new().schema_type(Type::String);
            let header = HeaderBuilder::new()
                .schema(Some(Schema::from(text)))
                .description(Some("The version, quoted; send it in If-Match."));
            response = response.header("ETag", header.build());
        }
        responses.insert(answer.status, response);
    }
    responses
}

fn who(access: Access) -> String {
    match access {
        Access::Anyone => "Anyone.".to_owned(),
        Access::SignedIn => "Anyone who is signed in or bears a token.".to_owned(),
        Access::Asked => {
            "Anyone who is signed in or bears a token, as far as the policy allows what it is about.".to_owned()
        }
        Access::May(action) => {
            let roles: Vec<_> = vigiles_trust::Role::ALL
                .into_iter()
                .filter(|role| role.may(action))
                .map(|role| role.to_string())
                .collect();
            format!("To {action}; roles: {}.", roles.join(", "))
        }
    }
}

fn parameters(endpoint: &Endpoint) -> Vec<Parameter> {
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let header = |name: &str, description: &str, schema: ObjectBuilder| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::False)
            .description(Some(description))
            .schema(Some(schema))
            .build()
    };
    let mut all: Vec<Parameter> = endpoint
        .path_parameters()
        .map(|name| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Path)
                .required(Required::True)
                .schema(Some(text().min_length(Some(1)).max_length(Some(128))))
                .build()
        })
        .collect();
    all.extend(endpoint.query.iter().cloned());
    all.extend(endpoint.headers.iter().map(|(name, description)| header(name, description, text())));
    if endpoint.access != Access::Anyone {
        let words = vigiles_trust::Purpose::ALL.map(vigiles_trust::Purpose::as_str);
        all.push(header(
            PURPOSE,
            "Why the data is used; the role's usual purpose where absent.",
            text().enum_values(Some(words)),
        ));
    }
    if endpoint.if_match != IfMatch::Ignored {
        all.push(header("If-Match", "The ETag of the version this was made for.", text()));
    }
    if endpoint.idempotent {
        let schema = text().min_length(Some(1)).max_length(Some(128)).pattern(Some("^[A-Za-z0-9._:-]+$"));
        all.push(header(
            IDEMPOTENCY_KEY,
            "Sent again within 24 h, the first answer is given again and nothing is done twice.",
            schema,
        ));
    }
    all
}

/// The statuses of problems an endpoint may answer.
fn problems(endpoint: &Endpoint) -> BTreeSet<u16> {
    let mut statuses: BTreeSet<u16> = endpoint.also.iter().copied().collect();
    let unsafe_method = endpoint.method != Method::GET;
    if endpoint.access != Access::Anyone {
        statuses.extend([400, 401, 403, 503]);
    }
    if unsafe_method {
        statuses.extend([403, 503]);
    }
    if !endpoint.query.is_empty() {
        statuses.insert(400);
    }
    if endpoint.path.contains('{') {
        statuses.insert(404);
    }
    if endpoint.body.is_some() {
        statuses.extend([400, 408, 413, 415, 422]);
    }
    match endpoint.if_match {
        IfMatch::Ignored => {}
        IfMatch::Optional => statuses.extend([400, 412]),
        IfMatch::Required => statuses.extend([400, 412, 428]),
    }
    if endpoint.idempotent {
        statuses.extend([400, 409, 422]);
    }
    statuses
}

fn problem(status: u16) -> utoipa::openapi::Response {
    let codes: Vec<_> = Code::ALL.into_iter().filter(|code| code.status().as_u16() == status).collect();
    let titles: Vec<_> = codes.iter().map(|code| crate::problem::Problem::new(*code, "").body().title).collect();
    ResponseBuilder::new()
        .description(titles.join("; or: "))
        .content("application/problem+json", ContentBuilder::new().schema(Some(reference::<Body9457>())).build())
        .build()
}
