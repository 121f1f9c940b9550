//! Judges JSON documents by `doc/report.schema.json`. Knows the keywords that stand in it, and fails at any other, so
//! that nothing passes unjudged.

use serde_json::Value;

pub struct Schema(Value);

impl Schema {
    pub fn read() -> Schema {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/doc/report.schema.json");
        Schema(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
    }

    /// Parses one document and fails unless it is what the schema says.
    #[track_caller]
    pub fn judge(&self, text: &str) -> Value {
        let document: Value =
            serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON: {error}\n{text}"));
        let mut faults = Vec::new();
        judge(&self.0, &document, "", &mut faults);
        assert!(faults.is_empty(), "{}\n{text}", faults.join("\n"));
        document
    }
}

fn judge(schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" => true,
            "type" => match rule {
                Value::Array(kinds) => kinds.iter().any(|kind| is_of(value, kind)),
                kind => is_of(value, kind),
            },
            "const" => value == rule,
            "enum" => rule.as_array().unwrap().contains(value),
            "pattern" => {
                assert_eq!(rule, r"^[245]\.[0-9]{1,3}\.[0-9]{1,3}$", "only this pattern is known");
                value.as_str().is_none_or(is_status)
            }
            "required" => value.as_object().is_none_or(|object| {
                rule.as_array().unwrap().iter().all(|name| object.contains_key(name.as_str().unwrap()))
            }),
            "properties" => {
                for (name, value) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(schema) => judge(schema, value, &format!("{at}/{name}"), faults),
                        None => faults.push(format!("{at}/{name}: not in the schema")),
                    }
                }
                true
            }
            "items" => {
                for (index, value) in value.as_array().into_iter().flatten().enumerate() {
                    judge(rule, value, &format!("{at}/{index}"), faults);
                }
                true
            }
            other => panic!("the keyword {other} is not known here"),
        };
        if !holds {
            faults.push(format!("{at}: {value} is against {keyword} {rule}"));
        }
    }
}

fn is_of(value: &Value, kind: &Value) -> bool {
    match kind.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type {other} is not known here"),
    }
}

fn is_status(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    let digits =
        |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|octet| octet.is_ascii_digit());
    matches!(parts[..], ["2" | "4" | "5", subject, detail] if digits(subject) && digits(detail))
}

#[test]
fn wrong_documents_are_found() {
    let schema = Schema::read();
    let mut good = serde_json::json!({
        "schema": "whippet-report/1", "exit": 0, "message_id": null, "size": null, "outcomes": [], "session": null,
        "warnings": [], "named_warnings": [], "hints": [], "failure": null
    });
    schema.judge(&good.to_string());
    let is_bad =
        |document: &Value| std::panic::catch_unwind(|| Schema::read().judge(&document.to_string())).is_err();
    good["exit"] = "0".into();
    assert!(is_bad(&good));
    good["exit"] = 0.into();
    good["extra"] = 0.into();
    assert!(is_bad(&good));
    good.as_object_mut().unwrap().remove("extra");
    good.as_object_mut().unwrap().remove("hints");
    assert!(is_bad(&good));
    assert!(is_status("5.1.10") && !is_status("3.1.1") && !is_status("5.1") && !is_status("5.1.1000"));
}
