//! A headless Chromium for tests, driven by its own protocol: it opens pages, sees all that they ask for and complain
//! of, and gives them real keys and a real mouse.
//!
//! The protocol goes over a pipe, JSON texts with a NUL behind each, so that no port is open and no library is needed.
//! Every wait ends: a browser that does not answer is a failed test with what was asked, and it is always stopped.

#![allow(dead_code)]

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

/// How long one answer of the browser may take; the machine may be busy.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long it may take to end by itself.
const FAREWELL: Duration = Duration::from_secs(3);
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Puts the pipes where the browser looks for them.
const PIPES: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null 2>&1"#;
/// Keeps what the policy of a page stopped, from before its first element.
const WATCH: &str = "window.stopped = []; document.addEventListener('securitypolicyviolation', \
     e => window.stopped.push(e.violatedDirective + ' ' + e.blockedURI + ' ' + e.sample))";

/// A running browser with a profile of its own.
pub struct Browser {
    child: Child,
    commands: ChildStdin,
    inbox: Receiver<Value>,
    /// What came that was no answer.
    events: VecDeque<Value>,
    last_id: u64,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts the browser; `None`, and a message, where none is installed.
    pub fn start() -> Option<Self> {
        let Some(name) = NAMES.into_iter().find(|name| is_there(name)) else {
            eprintln!("skipped: no chromium here");
            return None;
        };
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new("sh")
            .args(["-c", PIPES, "sh", name, "--remote-debugging-pipe"])
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"])
            .args(["--disable-background-networking", "--disable-component-update", "--disable-sync"])
            // Whatever is asked for meets a proxy that is not there, so nothing leaves even if a test is wrong.
            .args(["--proxy-server=127.0.0.1:9", "--proxy-bypass-list=<-loopback>"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the browser starts");
        let commands = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let (sender, inbox) = mpsc::channel();
        std::thread::spawn(move || {
            for message in answers.split(0).map_while(Result::ok) {
                let value = serde_json::from_slice(&message).expect("the protocol is JSON");
                if sender.send(value).is_err() {
                    break;
                }
            }
        });
        Some(Browser { child, commands, inbox, events: VecDeque::new(), last_id: 0, _profile: profile })
    }

    /// An empty tab that shares nothing with the tabs before it.
    pub fn tab(&mut self) -> Tab<'_> {
        let context = text(&self.ask("", "Target.createBrowserContext", json!({})), "browserContextId");
        let target = json!({"url": "about:blank", "browserContextId": context});
        let target = text(&self.ask("", "Target.createTarget", target), "targetId");
        let attach = json!({"targetId": target, "flatten": true});
        let session = text(&self.ask("", "Target.attachToTarget", attach), "sessionId");
        let mut tab =
            Tab { browser: self, session, context, has_scripts: true, held: 0, seen: Seen::default() };
        for domain in ["Page", "Runtime", "Log", "Network"] {
            tab.ask(&format!("{domain}.enable"), json!({}));
        }
        tab.ask("Page.addScriptToEvaluateOnNewDocument", json!({"source": WATCH}));
        tab.ask("Emulation.setFocusEmulationEnabled", json!({"enabled": true}));
        tab.viewport(1280, 900);
        tab
    }

    /// A tab that shows `page`, with `state` behind its address.
    pub fn open(&mut self, page: &Path, state: &str) -> Tab<'_> {
        let mut tab = self.tab();
        tab.go(page, state);
        tab
    }

    fn send(&mut self, session: &str, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        let mut command = json!({"id": self.last_id, "method": method, "params": params});
        if !session.is_empty() {
            command["sessionId"] = session.into();
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        self.commands
            .write_all(&bytes)
            .unwrap_or_else(|why| panic!("the browser is gone at {method}: {why}"));
        self.last_id
    }

    fn ask(&mut self, session: &str, method: &str, params: Value) -> Value {
        let id = self.send(session, method, params);
        let end = Instant::now() + PATIENCE;
        loop {
            let message = self.next(end, method);
            if message["id"] == id {
                assert!(message["error"].is_null(), "{method}: {}", message["error"]);
                return message["result"].clone();
            }
            if message["id"].is_null() {
                self.take_event(message);
            }
        }
    }

    /// Keeps an event. A dialog is sent away at once, for it stops the page and so every answer.
    fn take_event(&mut self, event: Value) {
        if event["method"] == "Page.javascriptDialogOpening" {
            let session = text(&event, "sessionId");
            self.send(&session, "Page.handleJavaScriptDialog", json!({"accept": false}));
        }
        self.events.push_back(event);
    }

    fn next(&mut self, end: Instant, what: &str) -> Value {
        match self.inbox.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(message) => message,
            Err(RecvTimeoutError::Timeout) => panic!("the browser gave no answer in {PATIENCE:?}: {what}"),
            Err(RecvTimeoutError::Disconnected) => panic!("the browser ended: {what}"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // It ends by itself when asked, and takes its helpers with it; else it is killed.
        let _ = self.commands.write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let end = Instant::now() + FAREWELL;
        while Instant::now() < end {
            if matches!(self.child.try_wait(), Ok(Some(_))) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn is_there(name: &str) -> bool {
    Command::new(name).arg("--version").output().is_ok_and(|out| out.status.success())
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key} in {value}")).to_owned()
}

/// What a page did that one can hold against it.
#[derive(Debug, Default)]
pub struct Seen {
    /// Addresses that were asked for.
    pub requests: Vec<String>,
    /// Console messages, exceptions, entries of the browser's log, and what the page's policy stopped.
    pub complaints: Vec<String>,
    /// Texts of dialogs.
    pub dialogs: Vec<String>,
    loads: usize,
}

impl Seen {
    fn take(&mut self, event: &Value) {
        let params = &event["params"];
        match event["method"].as_str().unwrap_or_default() {
            "Network.requestWillBeSent" => self.requests.push(text(&params["request"], "url")),
            "Runtime.consoleAPICalled" => self.complaints.push(format!("console: {}", params["args"])),
            "Runtime.exceptionThrown" => {
                self.complaints.push(format!("exception: {}", params["exceptionDetails"]));
            }
            "Log.entryAdded" => self.complaints.push(format!("log: {}", params["entry"])),
            "Page.javascriptDialogOpening" => self.dialogs.push(text(params, "message")),
            "Page.loadEventFired" => self.loads += 1,
            _ => {}
        }
    }
}

/// A key of the keyboard.
#[derive(Copy, Clone, Debug)]
pub enum Key {
    Tab,
    BackTab,
    Enter,
    Space,
    Escape,
    Home,
    End,
    Up,
    Down,
    Left,
    Right,
    /// What the clipboard holds goes in where the focus is.
    Paste,
    Letter(char),
}

impl Key {
    /// The name, the key code, the text that it makes, the modifiers (8 is shift, 2 is control).
    fn parts(self) -> (String, u32, String, u32) {
        let plain = |name: &str, code| (name.to_owned(), code, String::new(), 0);
        match self {
            Key::Tab => plain("Tab", 9),
            Key::BackTab => ("Tab".into(), 9, String::new(), 8),
            Key::Enter => ("Enter".into(), 13, "\r".into(), 0),
            Key::Space => (" ".into(), 32, " ".into(), 0),
            Key::Escape => plain("Escape", 27),
            Key::End => plain("End", 35),
            Key::Home => plain("Home", 36),
            Key::Left => plain("ArrowLeft", 37),
            Key::Up => plain("ArrowUp", 38),
            Key::Right => plain("ArrowRight", 39),
            Key::Down => plain("ArrowDown", 40),
            Key::Paste => ("v".into(), 86, String::new(), 2),
            Key::Letter(letter) => {
                // The codes of signs are those of other keys: that of "." is that of Delete.
                let has_code = letter.is_ascii_alphanumeric() || letter == ' ';
                let code = if has_code { u32::from(letter.to_ascii_uppercase()) } else { 0 };
                (letter.to_string(), code, letter.to_string(), 0)
            }
        }
    }
}

/// One page.
pub struct Tab<'b> {
    browser: &'b mut Browser,
    session: String,
    context: String,
    has_scripts: bool,
    /// Keys that are held while the mouse does something, as the protocol numbers them.
    held: u8,
    seen: Seen,
}

impl Tab<'_> {
    fn ask(&mut self, method: &str, params: Value) -> Value {
        let answer = self.browser.ask(&self.session, method, params);
        self.listen();
        answer
    }

    fn listen(&mut self) {
        for event in std::mem::take(&mut self.browser.events) {
            if event["sessionId"] == self.session.as_str() {
                self.seen.take(&event);
            }
        }
    }

    /// Goes to `page` with `state` behind its address, and waits until it is loaded and drawn.
    pub fn go(&mut self, page: &Path, state: &str) {
        let address = format!("file://{}{state}", page.display());
        let before = self.seen.loads;
        let answer = self.ask("Page.navigate", json!({"url": address}));
        assert!(answer["errorText"].is_null(), "{address}: {answer}");
        // Another fragment of the same page loads nothing.
        if !answer["loaderId"].is_null() {
            self.wait_for_load(before, &address);
        }
        self.settle();
    }

    fn wait_for_load(&mut self, before: usize, address: &str) {
        let end = Instant::now() + PATIENCE;
        while self.seen.loads == before {
            let message = self.browser.next(end, &format!("the load of {address}"));
            self.browser.take_event(message);
            self.listen();
        }
    }

    /// Waits until the page was drawn twice, so that what an event started is done.
    pub fn settle(&mut self) {
        if self.has_scripts {
            self.evaluate(
                "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))",
            );
        }
    }

    /// The value of an expression in the page; promises are awaited.
    pub fn evaluate(&mut self, expression: &str) -> Value {
        let params = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.ask("Runtime.evaluate", params);
        assert!(answer["exceptionDetails"].is_null(), "{expression}: {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// The value of an expression that gives a number.
    pub fn number(&mut self, expression: &str) -> f64 {
        let value = self.evaluate(expression);
        value.as_f64().unwrap_or_else(|| panic!("{expression} is no number but {value}"))
    }

    /// The value of an expression that gives texts.
    pub fn texts(&mut self, expression: &str) -> Vec<String> {
        let value = self.evaluate(expression);
        serde_json::from_value(value).unwrap_or_else(|why| panic!("{expression} gives no texts: {why}"))
    }

    /// Sets the size of the window in CSS pixels.
    pub fn viewport(&mut self, width: u32, height: u32) {
        let params = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.ask("Emulation.setDeviceMetricsOverride", params);
    }

    /// Sets the medium (`print`, or empty for the screen) and features such as `prefers-color-scheme`.
    pub fn media(&mut self, medium: &str, features: &[(&str, &str)]) {
        let features: Vec<Value> =
            features.iter().map(|(name, value)| json!({"name": name, "value": value})).collect();
        self.ask("Emulation.setEmulatedMedia", json!({"media": medium, "features": features}));
    }

    /// Switches scripts of pages off; they must be loaded after it. Expressions still have values.
    pub fn without_scripts(&mut self) {
        self.has_scripts = false;
        self.ask("Emulation.setScriptExecutionDisabled", json!({"value": true}));
    }

    /// Presses and releases a key.
    pub fn press(&mut self, key: Key) {
        let (name, code, text, modifiers) = key.parts();
        let mut down = json!({
            "type": if text.is_empty() { "rawKeyDown" } else { "keyDown" },
            "key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers,
        });
        if !text.is_empty() {
            down["text"] = text.into();
        }
        if matches!(key, Key::Paste) {
            down["commands"] = json!(["paste"]);
        }
        self.ask("Input.dispatchKeyEvent", down);
        let up = json!({
            "type": "keyUp", "key": name, "windowsVirtualKeyCode": code, "modifiers": modifiers,
        });
        self.ask("Input.dispatchKeyEvent", up);
        self.settle();
    }

    /// Types ASCII text.
    pub fn type_text(&mut self, text: &str) {
        text.chars().for_each(|letter| self.press(Key::Letter(letter)));
    }

    /// Sends a mouse event: `mouseMoved`, `mousePressed`, `mouseReleased`.
    fn mouse(&mut self, kind: &str, (x, y): (f64, f64), is_held: bool) {
        let button = if is_held { "left" } else { "none" };
        let params = json!({
            "type": kind, "x": x, "y": y, "button": button, "modifiers": self.held,
            "buttons": u8::from(is_held && kind != "mouseReleased"), "clickCount": u8::from(is_held),
        });
        self.ask("Input.dispatchMouseEvent", params);
    }

    /// Moves the mouse.
    pub fn move_to(&mut self, at: (f64, f64)) {
        self.mouse("mouseMoved", at, false);
        self.settle();
    }

    /// Clicks.
    pub fn click_at(&mut self, at: (f64, f64)) {
        self.mouse("mouseMoved", at, false);
        self.mouse("mousePressed", at, true);
        self.mouse("mouseReleased", at, true);
        self.settle();
    }

    /// Clicks into the middle of the first element that `selector` finds.
    pub fn click(&mut self, selector: &str) {
        let at = self.middle(selector);
        self.click_at(at);
    }

    /// Presses at `from`, moves to `to` in steps, releases.
    pub fn drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.mouse("mouseMoved", from, false);
        self.mouse("mousePressed", from, true);
        for step in 1..=8 {
            let part = f64::from(step) / 8.0;
            let at = (from.0 + (to.0 - from.0) * part, from.1 + (to.1 - from.1) * part);
            self.mouse("mouseMoved", at, true);
        }
        self.mouse("mouseReleased", to, true);
        self.settle();
    }

    /// Drags with the shift key held.
    pub fn shift_drag(&mut self, from: (f64, f64), to: (f64, f64)) {
        self.held = 8;
        self.drag(from, to);
        self.held = 0;
    }

    /// Turns the wheel by pixels; down is positive. `with_control` as for zooming.
    pub fn wheel(&mut self, (x, y): (f64, f64), down: f64, with_control: bool) {
        let params = json!({
            "type": "mouseWheel", "x": x, "y": y, "deltaX": 0, "deltaY": down,
            "modifiers": if with_control { 2 } else { 0 },
        });
        self.ask("Input.dispatchMouseEvent", params);
        self.settle();
    }

    /// The middle of the first element that `selector` finds, in the window, to which the page is scrolled. A smooth
    /// scroll that is under way is waited for.
    pub fn middle(&mut self, selector: &str) -> (f64, f64) {
        let found = self.evaluate(&format!(
            "(async () => {{ const e = document.querySelector({selector:?});
               const frame = () => new Promise(done => requestAnimationFrame(done));
               let still = 0, box = null;
               for (let n = 0; n < 240 && still < 4; n++) {{
                 const before = box;
                 box = e.getBoundingClientRect();
                 const isSame = before && before.x === box.x && before.y === box.y;
                 if (!isSame || box.top < 60 || box.bottom > innerHeight) e.scrollIntoView({{block: 'center', behavior: 'instant'}});
                 still = isSame ? still + 1 : 0;
                 if ({has_frames}) await frame();
               }}
               return [box.x + box.width / 2, box.y + box.height / 2]; }})()",
            has_frames = self.has_scripts
        ));
        let part = |at: usize| found[at].as_f64().unwrap_or_else(|| panic!("{selector} is not there"));
        (part(0), part(1))
    }

    /// A picture of the window, PNG.
    pub fn screenshot(&mut self) -> Vec<u8> {
        decode(&text(&self.ask("Page.captureScreenshot", json!({})), "data"))
    }

    /// The page on paper, PDF.
    pub fn pdf(&mut self) -> Vec<u8> {
        let params = json!({"printBackground": true, "preferCSSPageSize": true});
        decode(&text(&self.ask("Page.printToPDF", params), "data"))
    }

    /// What the page did until now.
    pub fn seen(&mut self) -> &Seen {
        // The answer comes behind every event before it.
        self.ask("Page.getNavigationHistory", json!({}));
        if self.has_scripts {
            let stopped = self.texts("window.stopped ?? []");
            self.seen.complaints.extend(stopped.into_iter().map(|what| format!("stopped: {what}")));
            self.evaluate("window.stopped = []");
        }
        &self.seen
    }

    /// Panics with whatever the page did that it should not: only `page` itself may be asked for.
    #[track_caller]
    pub fn assert_clean(&mut self, page: &Path) {
        let own = format!("file://{}", page.display());
        let seen = self.seen();
        let mut wrong = String::new();
        let is_own = |url: &String| url.split('#').next() == Some(&own) || url == "data:,";
        for url in seen.requests.iter().filter(|url| !is_own(url)) {
            let _ = writeln!(wrong, "request: {url}");
        }
        for text in seen.complaints.iter().chain(&seen.dialogs) {
            let _ = writeln!(wrong, "{text}");
        }
        assert!(wrong.is_empty(), "the page is not clean:\n{wrong}");
        assert!(!seen.requests.is_empty(), "no request was seen at all, not even that of the page");
    }
}

impl Drop for Tab<'_> {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let context = std::mem::take(&mut self.context);
            self.browser.ask("", "Target.disposeBrowserContext", json!({"browserContextId": context}));
            self.browser.events.clear();
        }
    }
}

/// Bytes of base 64.
fn decode(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => u32::from(byte - b'A'),
        b'a'..=b'z' => u32::from(byte - b'a') + 26,
        b'0'..=b'9' => u32::from(byte - b'0') + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u32> = text.trim_end_matches('=').bytes().map(digit).collect();
    let group = |part: &[u32]| {
        let word = (0..4).fold(0, |word, at| word << 6 | part.get(at).copied().unwrap_or(0));
        word.to_be_bytes()[1..part.len()].to_vec()
    };
    digits.chunks(4).flat_map(group).collect()
}
