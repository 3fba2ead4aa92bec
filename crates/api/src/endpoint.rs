//! One endpoint: its path, who may call it, what it takes and answers, and the function behind it.
//!
//! Invariant: the router, the policy check and the OpenAPI document are made from the same list of
//! endpoints, so that none of the three can know a route that the others do not.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;

use axum::http::Method;
use axum::response::Response;
use futures_util::future::BoxFuture;
use utoipa::openapi::path::Parameter;
use utoipa::openapi::schema::{ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{Ref, RefOr, Schema};
use utoipa::{IntoParams, ToSchema};
use vigiles_trust::Action;

use crate::call::Call;
use crate::problem::Problem;

/// What a handler gives.
pub(crate) type Answer = Result<Response, Problem>;

/// The function behind an endpoint.
pub(crate) type Handler = Arc<dyn Fn(Call) -> BoxFuture<'static, Answer> + Send + Sync>;

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everyone, also without signing in.
    Anyone,
    /// Everyone who is signed in or bears a token.
    SignedIn,
    /// Those whom the policy allows this.
    May(Action),
    /// Everyone who is signed in or bears a token, but granted nothing: the handler asks the policy for each thing that the
    /// request turns out to be about ([`Call::authorise`]).
    Asked,
}

/// What the endpoint does with `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfMatch {
    /// Nothing.
    Ignored,
    /// Checks it where it is given.
    Optional,
    /// Asks for it where the thing exists already.
    Required,
}

/// A body the endpoint takes.
pub(crate) struct BodySpec {
    /// Content types and the schema of each.
    pub(crate) content: Vec<(&'static str, RefOr<Schema>)>,
}

/// An answer the endpoint gives when all is well.
pub(crate) struct AnswerSpec {
    pub(crate) status: u16,
    pub(crate) description: &'static str,
    pub(crate) content: Option<(&'static str, RefOr<Schema>)>,
    pub(crate) etag: bool,
}

/// One endpoint.
pub(crate) struct Endpoint {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) tag: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) access: Access,
    pub(crate) query: Vec<Parameter>,
    pub(crate) body: Option<BodySpec>,
    pub(crate) body_limit: usize,
    pub(crate) answers: Vec<AnswerSpec>,
    pub(crate) also: Vec<u16>,
    /// Further headers of the request: name and description.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    pub(crate) if_match: IfMatch,
    pub(crate) idempotent: bool,
    pub(crate) schemas: Vec<(String, RefOr<Schema>)>,
    pub(crate) handler: Handler,
}

/// Largest body of an ordinary request, after decompression.
pub(crate) const BODY_LIMIT: usize = 1024 * 1024;

impl Endpoint {
    /// An endpoint of a tag; nobody but the signed-in may call it until told otherwise.
    pub(crate) fn new<F, Fut>(method: Method, path: &'static str, id: &'static str, summary: &'static str, f: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self {
            method,
            path,
            id,
            tag: "platform",
            summary,
            access: Access::SignedIn,
            query: Vec::new(),
            body: None,
            body_limit: BODY_LIMIT,
            answers: Vec::new(),
            also: Vec::new(),
            headers: Vec::new(),
            if_match: IfMatch::Ignored,
            idempotent: false,
            schemas: Vec::new(),
            handler: Arc::new(move |call| Box::pin(f(call))),
        }
    }

    /// A reading endpoint.
    pub(crate) fn get<F, Fut>(path: &'static str, id: &'static str, summary: &'static str, f: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::GET, path, id, summary, f)
    }

    /// A creating or commanding endpoint.
    pub(crate) fn post<F, Fut>(path: &'static str, id: &'static str, summary: &'static str, f: F) -> Self
    where
        F: Fn(Call) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answer> + Send + 'static,
    {
        Self::new(Method::POST, path, id, summary, f)
    }

    /// Groups it in the document.
    pub(crate) fn tag(mut self, tag: &'static str) -> Self {
        self.tag = tag;
        self
    }

    /// Lets everyone call it.
    pub(crate) fn anyone(mut self) -> Self {
        self.access = Access::Anyone;
        self
    }

    /// Lets those call it whom the policy allows this.
    pub(crate) fn may(mut self, action: Action) -> Self {
        self.access = Access::May(action);
        self
    }

    /// Grants nothing: the handler asks for each thing.
    pub(crate) fn asked(mut self) -> Self {
        self.access = Access::Asked;
        self
    }

    /// Takes query parameters.
    pub(crate) fn query<Q: IntoParams>(mut self) -> Self {
        self.query = Q::into_params(|| Some(utoipa::openapi::path::ParameterIn::Query));
        self
    }

    /// Takes a JSON body.
    pub(crate) fn takes<T: ToSchema>(mut self) -> Self {
        let schema = self.schema::<T>();
        self.body = Some(BodySpec { content: vec![("application/json", schema)] });
        self
    }

    /// Takes a body of several types, at most `limit` bytes of it.
    pub(crate) fn takes_any(mut self, content: Vec<(&'static str, RefOr<Schema>)>, limit: usize) -> Self {
        self.body = Some(BodySpec { content });
        self.body_limit = limit;
        self
    }

    /// Answers JSON.
    pub(crate) fn answers<T: ToSchema>(mut self, status: u16, description: &'static str) -> Self {
        let schema = self.schema::<T>();
        self.answers.push(AnswerSpec { status, description, content: Some(("application/json", schema)), etag: false });
        self
    }

    /// Answers a page of a list.
    pub(crate) fn answers_list<T: ToSchema>(mut self, description: &'static str) -> Self {
        let items = self.schema::<T>();
        let name = format!("{}List", T::name());
        let next = SchemaType::from_iter([Type::String, Type::Null]);
        let list = ObjectBuilder::new()
            .property("items", ArrayBuilder::new().items(items))
            .required("items")
            .property(
                "next",
                ObjectBuilder::new().schema_type(next).description(Some("Cursor of the next page; null on the last.")),
            )
            .required("next");
        self.schemas.push((name.clone(), list.into()));
        let schema = Ref::from_schema_name(name).into();
        self.answers.push(AnswerSpec {
            status: 200,
            description,
            content: Some(("application/json", schema)),
            etag: false,
        });
        self
    }

    /// Answers with nothing.
    pub(crate) fn answers_nothing(mut self, description: &'static str) -> Self {
        self.answers.push(AnswerSpec { status: 204, description, content: None, etag: false });
        self
    }

    /// Answers something that is not JSON.
    pub(crate) fn answers_type(mut self, status: u16, content_type: &'static str, description: &'static str) -> Self {
        let schema = ObjectBuilder::new().schema_type(Type::String).into();
        self.answers.push(AnswerSpec { status, description, content: Some((content_type, schema)), etag: false });
        self
    }

    /// Answers JSON whose shape another standard describes.
    pub(crate) fn answers_foreign(mut self, status: u16, description: &'static str) -> Self {
        let schema = ObjectBuilder::new().schema_type(SchemaType::AnyValue).into();
        self.answers.push(AnswerSpec { status, description, content: Some(("application/json", schema)), etag: false });
        self
    }

    /// Its answers carry an ETag.
    pub(crate) fn etag(mut self) -> Self {
        self.answers.iter_mut().for_each(|answer| answer.etag = true);
        self
    }

    /// It heeds a header of the request.
    pub(crate) fn header(mut self, name: &'static str, description: &'static str) -> Self {
        self.headers.push((name, description));
        self
    }

    /// It heeds `If-Match`.
    pub(crate) fn if_match(mut self, rule: IfMatch) -> Self {
        self.if_match = rule;
        self
    }

    /// It takes an `Idempotency-Key`.
    pub(crate) fn idempotent(mut self) -> Self {
        self.idempotent = true;
        self
    }

    /// Further statuses it may answer with a problem.
    pub(crate) fn also(mut self, statuses: &[u16]) -> Self {
        self.also.extend_from_slice(statuses);
        self
    }

    /// Registers a schema and gives the reference to it.
    fn schema<T: ToSchema>(&mut self) -> RefOr<Schema> {
        self.schemas.extend(schemas_of::<T>());
        reference::<T>()
    }

    /// Names of the parameters in the path.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| name.trim_start_matches('*'))
    }
}

/// A reference to the schema of a type.
pub(crate) fn reference<T: ToSchema>() -> RefOr<Schema> {
    Ref::from_schema_name(T::name()).into()
}

/// The schema of a type and of all it is made of.
pub(crate) fn schemas_of<T: ToSchema>() -> Vec<(String, RefOr<Schema>)> {
    let name: Cow<'static, str> = T::name();
    let mut schemas = vec![(name.into_owned(), T::schema())];
    T::schemas(&mut schemas);
    schemas
}
