//! What must hold of a mail as the hop gets it, and of a report as others read it.

use whippet::mail::Return;

use super::hop::Mail;
use super::readers::{Block, Read};
use super::{Case, POSTMASTER};
use crate::world::SENDER;

impl Case {
    /// What is wrong with what the hop got, and with its reports as they were read: first those that it got.
    pub fn judge(&self, got: &[Mail], read: &[Read]) -> Result<(), String> {
        self.mail(got)?;
        let went: Vec<&Mail> = got.iter().filter(|mail| mail.is_report()).collect();
        went.iter().try_for_each(|report| self.envelope(report))?;
        read.iter().try_for_each(|read| self.report(read))?;
        let mut told: Vec<(String, Vec<String>)> = read[..went.len()].iter().map(Read::told).collect();
        let mut wanted: Vec<(String, Vec<String>)> = Vec::new();
        for (action, to) in &self.told {
            wanted.push(((*action).to_owned(), to.iter().map(|to| (*to).to_owned()).collect()));
        }
        told.sort();
        wanted.sort();
        match told == wanted && read.len() == went.len() + self.stranded {
            true => Ok(()),
            false => Err(format!("told {told:?} and not {wanted:?}")),
        }
    }

    /// What is wrong with what the hop got of the mail itself.
    fn mail(&self, got: &[Mail]) -> Result<(), String> {
        let is_said = self.manners.offers.contains("DSN");
        let asks = !self.notify.is_empty() || self.returned.is_some() || self.envelope_id.is_some();
        for mail in got.iter().filter(|mail| !mail.is_report()) {
            for (line, word, is_wished) in [
                (&mail.from, "RET=", self.returned.is_some()),
                (&mail.from, "ENVID=id+2B1+20+3D+202", self.envelope_id.is_some()),
                (&mail.to[0], "NOTIFY=", !self.notify.is_empty()),
            ] {
                if line.contains(word) != (is_wished && is_said) {
                    return Err(format!("{word} in {line}"));
                }
            }
            for line in &mail.said {
                let original = match self.original {
                    Some(_) if line.contains("<f0@") => Some("ORCPT=rfc822;list+2B1@example.test".to_owned()),
                    _ if asks => line.split(['<', '>']).nth(1).map(|own| format!("ORCPT=rfc822;{own}")),
                    _ => None,
                };
                let original = original.filter(|_| is_said);
                let found = line.split(' ').find(|word| word.starts_with("ORCPT="));
                if found != original.as_deref() {
                    return Err(format!("{line}: not {original:?}"));
                }
            }
        }
        Ok(())
    }

    /// What is wrong with the envelope of a report.
    fn envelope(&self, report: &Mail) -> Result<(), String> {
        let to = format!("RCPT TO:<{}>", self.sender.unwrap_or_default());
        let notify = if self.manners.offers.contains("DSN") { " NOTIFY=NEVER" } else { "" };
        let wanted = format!("{to}{notify}");
        // Whoever asks for nothing else has no original recipient to name either.
        let said = report.to[0].split(" ORCPT=").next().unwrap_or_default();
        match report.to.len() == 1 && said == wanted {
            true => Ok(()),
            false => Err(format!("{:?}, not {wanted}", report.to)),
        }
    }

    /// What is wrong with a report as others read it.
    fn report(&self, read: &Read) -> Result<(), String> {
        let differs = |what: &str, found: &dyn std::fmt::Debug| Err(format!("{what}: {found:?}"));
        if !read.defects.is_empty() {
            return differs("defects", &read.defects);
        }
        if (read.from.as_str(), read.to.as_str()) != (POSTMASTER, self.sender.unwrap_or_default()) {
            return differs("from and to", &(&read.from, &read.to));
        }
        if (read.auto.as_str(), read.references.as_str(), read.reply.as_str())
            != ("auto-replied", "<1@example.test>", "<1@example.test>")
        {
            return differs("fields", &(&read.auto, &read.references, &read.reply));
        }
        let Some((message, recipients)) = read.blocks.split_first() else {
            return Err("no blocks".to_owned());
        };
        let field = |block: &Block, name: &str| block.get(name).cloned().unwrap_or_default();
        if field(message, "Original-Envelope-Id") != self.envelope_id.unwrap_or_default()
            || field(message, "Reporting-MTA") != "dns; client.test"
            || field(message, "Arrival-Date").is_empty()
        {
            return differs("of the message", message);
        }
        let asks = !self.notify.is_empty() || self.returned.is_some() || self.envelope_id.is_some();
        for block in recipients {
            let last = field(block, "Final-Recipient");
            let original = match self.original {
                Some(original) if last.contains("f0@") => original.replace(';', "; "),
                _ if asks => last.clone(),
                _ => String::new(),
            };
            if field(block, "Original-Recipient") != original {
                return differs("Original-Recipient", block);
            }
            let (action, status) = (field(block, "Action"), field(block, "Status"));
            let class = match action.as_str() {
                "failed" => '5',
                "delayed" => '4',
                _ => '2',
            };
            if !status.starts_with(class) || field(block, "Last-Attempt-Date").is_empty() {
                return differs("of a recipient", block);
            }
            let is_delay = action == "delayed";
            if block.contains_key("Will-Retry-Until") != is_delay {
                return differs("Will-Retry-Until", block);
            }
            let diagnosis = field(block, "Diagnostic-Code");
            let is_remote = diagnosis.starts_with("smtp; ");
            if diagnosis.is_empty()
                || diagnosis.contains('\u{1b}')
                || !diagnosis.is_ascii() && self.sender == Some(SENDER)
            {
                return differs("Diagnostic-Code", block);
            }
            if is_remote != block.contains_key("Remote-MTA") && action == "failed" {
                return differs("Remote-MTA", block);
            }
        }
        if let Some(to) = read.told().1.iter().find(|to| !read.text.contains(to.as_str())) {
            return differs("the text does not name", to);
        }
        let is_failure = recipients.iter().all(|block| field(block, "Action") == "failed");
        let is_small = self.body.len() <= 50 * 1024;
        let may_be_whole = !self.flags.require_tls && self.returned != Some(Return::Headers);
        let is_whole = is_failure && is_small && may_be_whole;
        let wanted = match (is_whole, self.body.is_ascii()) {
            (true, true) => "message/rfc822",
            (true, false) => "message/global",
            (false, _) => "text/rfc822-headers",
        };
        if read.third != wanted {
            return differs("third part", &read.third);
        }
        Ok(())
    }
}
