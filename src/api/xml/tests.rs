use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{
    read::{self, Unreadable},
    write,
};
use crate::{
    api::{
        Problem,
        answer::Rooted,
        views::{DataAdded, Isolation, JobCounts, JobInfo, JobResult, Profile, ServiceStatus, Workflow},
    },
    domain::{DocumentId, JobId, JobState, Outcome, ResultId, TenantId, limits, options::JobOption},
    storage::{
        events::EventRow,
        jobs::{JobRow, JobSummaryRow},
        results::ResultRow,
    },
    workflows::result::Completed,
};

/// The reader of the tests against real processes: it knows the contract, and nothing of the writer.
#[path = "../../../tests/it/support/xml.rs"]
mod client;

/// JSON as far as XML can hold it: other characters are replaced.
fn holdable(json: &Value) -> Value {
    match json {
        Value::String(text) => held(text).into(),
        Value::Array(items) => items.iter().map(holdable).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, member)| (name.clone(), holdable(member))).collect::<Map<_, _>>().into()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => json.clone(),
    }
}

/// Text as far as XML can hold it.
fn held(text: &str) -> String {
    text.chars().map(|each| if client::is_allowed(each) { each } else { '\u{FFFD}' }).collect()
}

fn image(root: &str, json: &Value) -> String {
    write::image(root, None, json.to_string().as_bytes()).unwrap()
}

/// Checks that a client reads in XML exactly what it would read in JSON.
fn check_image(root: &str, namespace: Option<&str>, json: &[u8]) -> Result<(), TestCaseError> {
    let xml = write::image(root, namespace, json).unwrap();
    let content = holdable(&serde_json::from_slice(json).unwrap());
    let expected = client::Document { root: root.to_owned(), namespace: namespace.map(str::to_owned), content };
    prop_assert_eq!(client::read(&xml), expected);
    Ok(())
}

fn check_view<T: Rooted>(view: &T) -> Result<(), TestCaseError> {
    check_image(T::ROOT, None, &serde_json::to_vec(view).unwrap())
}

/// Text with all that is special anywhere: white space, line ends, markup, what XML cannot hold, other planes.
fn texts() -> impl Strategy<Value = String> {
    let special = prop::sample::select(vec![
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\u{85}",
        "\u{A0}",
        "\u{2028}",
        "\u{FEFF}",
        "\0",
        "\u{B}",
        "\u{1F}",
        "\u{7F}",
        "\u{D7FF}",
        "\u{E000}",
        "\u{FFFD}",
        "\u{FFFE}",
        "\u{FFFF}",
        "\u{10FFFF}",
        "\u{1F600}",
        "e\u{301}",
        "&",
        "<",
        ">",
        "\"",
        "'",
        "]]>",
        "<![CDATA[",
        "<!--",
        "&amp;",
        "&#13;",
        "\\",
        "\u{202E}",
    ]);
    let piece = prop_oneof![
        any::<char>().prop_map(String::from),
        prop::char::range('\0', '~').prop_map(String::from),
        special.prop_map(str::to_owned),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn results()(
        outcome in prop_oneof![Just(Outcome::Success), Just(Outcome::Warning), Just(Outcome::Error)],
        error in prop::option::of((texts(), texts())),
        events in prop::collection::vec((texts(), texts(), any::<bool>(), prop::option::of(texts())), 0..4),
        files in prop::collection::vec((texts(), prop::collection::vec((texts(), texts()), 0..3)), 0..4),
    ) -> JobResult {
        let job = JobRow {
            id: JobId::new(),
            tenant: TenantId::DEFAULT,
            workflow: String::new(),
            profile: String::new(),
            profile_version: 1,
            name: None,
            priority: 0,
            state: JobState::Completed,
            outcome: Some(outcome),
            error_code: error.as_ref().map(|(code, _)| code.clone()),
            error_message: error.map(|(_, message)| message),
            documents: 0,
            documents_open: 0,
            pages: 0,
            pages_open: 0,
            deleted_at: None,
        };
        let events = events.into_iter().map(|(code, message, has_document, part)| EventRow {
            document: has_document.then(DocumentId::new),
            part,
            code,
            severity: "info".to_owned(),
            message,
        });
        let results = files.into_iter().map(|(file_name, properties)| ResultRow {
            id: ResultId::new(),
            file_name,
            media_type: String::new(),
            bytes: 0,
            sha256: Vec::new(),
            blob: String::new(),
            properties: properties.into_iter().map(|(name, value)| json!({ "name": name, "value": value })).collect(),
        });
        Completed { job, events: events.collect(), results: results.collect() }.into()
    }
}

prop_compose! {
    fn infos()(
        state in prop::sample::select(vec![JobState::Creating, JobState::Pending, JobState::Processing, JobState::Completed]),
        outcome in prop_oneof![Just(Outcome::Success), Just(Outcome::Warning), Just(Outcome::Error)],
        message in texts(),
        documents in 0_i32..100,
    ) -> JobInfo {
        JobSummaryRow {
            id: JobId::new(),
            state,
            outcome: (state == JobState::Completed).then_some(outcome),
            error_message: (outcome == Outcome::Error).then_some(message),
            documents,
            documents_open: 0,
            pages: 0,
            pages_open: 0,
        }
        .into()
    }
}

prop_compose! {
    fn statuses()(counts in any::<[i64; 6]>(), start_time in texts()) -> ServiceStatus {
        let [process_count, queue_length, creating, processing, completed, total] = counts;
        ServiceStatus {
            version: "1.2.3",
            status: "running",
            start_time,
            isolation: Isolation { process_count, queue_length },
            job_counts: JobCounts { creating, processing, completed, total },
        }
    }
}

prop_compose! {
    fn workflows()(
        workflows in prop::collection::vec((texts(), any::<bool>(), prop::collection::vec((texts(), any::<bool>()), 0..3)), 0..4),
    ) -> Vec<Workflow> {
        // The names of the service are constants.
        let profile = |(name, is_default): (String, bool)| Profile { name, is_default };
        let workflow = |(name, is_default, profiles): (String, bool, Vec<_>)| Workflow {
            name: name.leak(),
            is_default,
            profiles: profiles.into_iter().map(profile).collect(),
        };
        workflows.into_iter().map(workflow).collect()
    }
}

proptest! {
    #[test]
    fn xml_written_is_xml_read(
        result in results(),
        info in infos(),
        list in prop::collection::vec(infos(), 0..4),
        status in statuses(),
        workflows in workflows(),
        detail in texts(),
    ) {
        check_view(&result)?;
        check_view(&info)?;
        check_view(&list)?;
        check_view(&status)?;
        check_view(&workflows)?;
        check_view(&DataAdded { data_id: DocumentId::new().to_string() })?;
        check_image("problem", Some("urn:ietf:rfc:7807"), Problem::bad_request(detail).json().as_bytes())?;
    }

    #[test]
    fn options_written_are_options_read(pairs in prop::collection::vec((texts(), texts()), 0..5)) {
        let list: Value = pairs.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
        let held: Vec<_> = pairs.iter().map(|(name, value)| (held(name), held(value))).collect();
        for xml in [image("options", &list), client::options(&held)] {
            let read = read::options(xml.as_bytes()).unwrap();
            let read: Vec<_> = read.into_iter().map(|option| (option.name, option.value)).collect();
            prop_assert_eq!(&read, &held);
        }
    }

    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(read::options(&bytes));
    }

    #[test]
    fn no_scraps_of_xml_make_the_reader_panic(
        scraps in prop::collection::vec(
            prop::sample::select(vec![
                "<a>", "</a>", "<option>", "</option>", "<name>", "</name>", "<value>", "</value>", "<option/>", "<", ">", "&", ";",
                "&lt;", "&#x41;", "&#0;", "<![CDATA[", "]]>", "<!--", "-->", "<?xml version=\"1.0\"?>", "<?", "?>", "<!DOCTYPE", "x", " ",
                "\u{FEFF}", "\0", "ü", "\"", "a=\"b\"", "<a b='c'>",
            ]),
            0..30,
        ),
    ) {
        drop(read::options(scraps.concat().as_bytes()));
    }
}

#[test]
fn an_image_keeps_the_order_and_names_the_items_of_arrays() {
    let json = br#"{"status":"warning","success":true,"events":[{"code":"a"},{}],"dataList":[],"n":-1,"none":null,"odd name":[1.5]}"#;
    let expected = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><jobResult><status>warning</status><success>true</success>\
                    <events><event><code>a</code></event><event></event></events><dataList></dataList><n>-1</n><none></none>\
                    <odd_name><item>1.5</item></odd_name></jobResult>";
    assert_eq!(write::image("jobResult", None, json).unwrap(), expected);
}

#[test]
fn a_namespace_stands_on_the_root_alone() {
    let xml = write::image("problem", Some("urn:a&b"), br#"{"title":"<&>"}"#).unwrap();
    assert!(xml.ends_with(r#"<problem xmlns="urn:a&amp;b"><title>&lt;&amp;&gt;</title></problem>"#), "{xml}");
}

#[test]
fn characters_that_xml_cannot_hold_are_replaced_and_a_carriage_return_is_kept() {
    let xml = image("a", &json!("x\u{0}\u{B}\u{FFFE}\u{FFFF}\r\n\t\u{7F}\u{1F600}"));
    assert!(xml.ends_with("<a>x\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}&#13;\n\t\u{7F}\u{1F600}</a>"), "{xml:?}");
}

fn check(xml: &str, expected: &[(&str, &str)]) {
    let expected: Vec<_> = expected
        .iter()
        .map(|(name, value)| JobOption { name: (*name).to_owned(), value: (*value).to_owned() })
        .collect();
    assert_eq!(read::options(xml.as_bytes()).as_ref(), Ok(&expected), "{xml}");
}

#[track_caller]
fn check_refused(xml: &str, expected: &Unreadable) {
    assert_eq!(read::options(xml.as_bytes()).as_ref(), Err(expected), "{xml}");
}

#[track_caller]
fn check_ill_formed(xml: &str) {
    assert!(
        matches!(read::options(xml.as_bytes()), Err(Unreadable::Syntax(_))),
        "{xml}: {:?}",
        read::options(xml.as_bytes())
    );
}

#[test]
fn a_list_may_have_any_root_and_any_namespace() {
    let one = &[("DOC.PASSWORD", "a b")];
    for xml in [
        "<options><option><name>DOC.PASSWORD</name><value>a b</value></option></options>",
        "<?xml version=\"1.0\" encoding=\"utf-8\" standalone=\"yes\"?>\r\n<!-- x -->\r\n<root xmlns=\"urn:x\">\r\n\t<option a=\"b\">\r\n <value>a b</value>\
         <name>DOC.PASSWORD</name></option>\r\n</root>\r\n<?pi?>",
        "<ns:list xmlns:ns=\"urn:y\"><ns:option><ns:name>DOC.PASSWORD</ns:name><ns:value>a b</ns:value></ns:option></ns:list>",
        "\u{FEFF}<x><option><name>DOC<!-- . -->.PASSWORD</name><value>a<?pi?> b</value><other><name>c</name>d&amp;</other></option></x>",
        "<x><option ><name\n>DOC.PASSWORD</name ><value><![CDATA[a ]]>b</value></option></x>",
    ] {
        check(xml, one);
    }
    check("<options/>", &[]);
    check("<options> <!-- none --> </options>", &[]);
}

#[test]
fn options_stay_as_they_were_sent() {
    check(
        "<o><option><name>a</name><value/></option><option><name>a</name><value>2</value></option><option><name/><value> \r\n </value></option></o>",
        &[("a", ""), ("a", "2"), ("", " \n ")],
    );
    check(
        "<o><option><name>&lt;&#97;&#x1F600;&gt;</name><value>&amp;&quot;&apos;&#13;<![CDATA[<&amp;>]]></value></option></o>",
        &[("<a\u{1F600}>", "&\"'\r<&amp;>")],
    );
}

#[test]
fn utf_16_is_read_with_a_byte_order_mark_and_other_encodings_are_refused_by_name() {
    let xml =
        "<?xml version=\"1.0\" encoding=\"UTF-16\"?><o><option><name>ü\u{1F600}</name><value>1</value></option></o>";
    let expected = [JobOption { name: "ü\u{1F600}".to_owned(), value: "1".to_owned() }];
    let wide = |unit: fn(u16) -> [u8; 2], mark: bool| -> Vec<u8> {
        mark.then_some(0xFEFF).into_iter().chain(xml.encode_utf16()).flat_map(unit).collect()
    };
    for unit in [u16::to_be_bytes, u16::to_le_bytes] {
        assert_eq!(read::options(&wide(unit, true)).unwrap(), expected);
        let error = read::options(&wide(unit, false)).unwrap_err().to_string();
        assert!(error.contains("UTF-16 without a byte order mark"), "{error}");
    }
    assert_eq!(read::options(b"\xFF\xFE<"), Err(Unreadable::Bytes("UTF-16")));
    assert_eq!(read::options(b"\xFE\xFF\xD8\x00"), Err(Unreadable::Bytes("UTF-16")));
    assert_eq!(read::options(b"\xFF\xFE\0\0<\0\0\0"), Err(Unreadable::Encoding("UTF-32".to_owned())));
    for name in ["ISO-8859-1", "windows-1252", "UTF-16", "EBCDIC-CP-DE"] {
        let xml = format!("<?xml version='1.0' encoding='{name}'?><o/>");
        check_refused(&xml, &Unreadable::Encoding(name.to_owned()));
    }
    check("<?xml version='1.0' encoding='US-ASCII'?><o/>", &[]);
    assert_eq!(read::options(b"<o>\xE4</o>"), Err(Unreadable::Bytes("UTF-8")));
}

#[test]
fn document_types_and_entities_of_ones_own_are_refused() {
    for xml in [
        "<!DOCTYPE o><o/>",
        "<!DOCTYPE o SYSTEM \"file:///etc/passwd\"><o/>",
        "<?xml version=\"1.0\"?><!DOCTYPE o [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">]><o>&b;</o>",
    ] {
        check_refused(xml, &Unreadable::DocumentType);
    }
    for xml in [
        "<o><option><name>a</name><value>&file;</value></option></o>",
        "<o><option><name>a</name><value>b</value><x>&file;</x></option></o>",
        "<o a=\"&file;\"/>",
    ] {
        check_refused(xml, &Unreadable::Entity("file".to_owned()));
    }
    check_refused("<o>&nbsp;</o>", &Unreadable::Entity("nbsp".to_owned()));
    check_refused("<o>&#xD800;</o>", &Unreadable::Entity("#xD800".to_owned()));
    check_refused("<o>&#0;</o>", &Unreadable::Entity("#0".to_owned()));
    check_refused("<o>&#1;</o>", &Unreadable::Character(1));
    check_refused("<o>\u{1}</o>", &Unreadable::Character(1));
    check_refused("<o>\u{FFFF}</o>", &Unreadable::Character(0xFFFF));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    for xml in [
        "",
        "<!-- -->",
        "<o>",
        "</o>",
        "<o></p>",
        "<o/><o/>",
        "<o><option></o></option>",
        "<o a=b/>",
        "<o a=\"1\" a=\"2\"/>",
        "<o a/>",
        "<1/>",
        "< o/>",
        "<o a=\"<\"/>",
        "<o a=\"&\"/>",
        "<o>&amp</o>",
        "<o>&</o>",
        "<!-- -- --><o/>",
        "<o/><?xml version=\"1.0\"?>",
        "<o",
        "<![CDATA[",
    ] {
        check_ill_formed(xml);
    }
    check_refused("x<o/>", &Unreadable::Text);
    check_refused("<o/>x", &Unreadable::Text);
    check_refused("<o/><![CDATA[ ]]>", &Unreadable::Text);
}

#[test]
fn what_is_no_list_of_options_is_refused() {
    let unexpected = |found: &str, wanted| Unreadable::Unexpected { found: found.to_owned(), wanted };
    check_refused("<option><name>a</name><value>b</value></option>", &unexpected("name", "option"));
    check_refused("<o><Option/></o>", &unexpected("Option", "option"));
    check_refused("<o><option><name><b/></name></option></o>", &unexpected("b", "text"));
    check_refused("<o><option/></o>", &Unreadable::Missing { ordinal: 1, field: "name" });
    check_refused(
        "<o><option><name>a</name><value/></option><option><name>b</name></option></o>",
        &Unreadable::Missing { ordinal: 2, field: "value" },
    );
    check_refused(
        "<o><option><name>a</name><name>b</name></option></o>",
        &Unreadable::Twice { ordinal: 1, field: "name" },
    );
    check_refused("<o>a</o>", &Unreadable::Text);
    check_refused("<o><option>a<name/><value/></option></o>", &Unreadable::Text);
    check_refused("<o>&#32;</o>", &Unreadable::Text);
}

#[test]
fn depth_elements_and_attributes_are_limited() {
    let nested = |depth: usize| {
        let inner = depth - 2;
        format!("<o><option><name/><value/>{}{}</option></o>", "<x>".repeat(inner), "</x>".repeat(inner))
    };
    check(&nested(limits::XML_DEPTH_MAX), &[("", "")]);
    check_refused(&nested(limits::XML_DEPTH_MAX + 1), &Unreadable::Depth);
    check_refused(&"<x>".repeat(100_000), &unexpected_x());
    let elements = |count: usize| format!("<o><option><name/><value/>{}</option></o>", "<x/>".repeat(count - 4));
    check(&elements(limits::XML_ELEMENTS_MAX), &[("", "")]);
    check_refused(&elements(limits::XML_ELEMENTS_MAX + 1), &Unreadable::Elements);
    let attributes = |count: usize| format!("<o{}/>", (0..count).map(|n| format!(" a{n}='{n}'")).collect::<String>());
    check(&attributes(limits::XML_ATTRIBUTES_MAX), &[]);
    check_refused(&attributes(100_000), &Unreadable::Attributes);
}

fn unexpected_x() -> Unreadable {
    Unreadable::Unexpected { found: "x".to_owned(), wanted: "option" }
}
