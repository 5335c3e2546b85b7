//! What could not be read, in Japanese: who reads a bundle tells its problems in English, as it also writes them to the
//! terminal; here the forms of these sentences stand beside their Japanese.
//!
//! A form that is not here stays in English: it is better told so than not at all. A test holds the table against the
//! source, so that a sentence that is written anew does not lose its Japanese unseen.

use std::borrow::Cow;

use super::labels::fill;
use crate::model::Lang;

/// Forms of problems with their Japanese; `{}` is any text, and `{0}` the first of these.
static FORMS: &[(&str, &str)] = &[
    // Several of one kind
    ("{} (the first: {})", "{0}（最初のもの：{1}）"),
    (
        "{} further problems of this kind were counted but not kept",
        "同じ種類の問題がほかに {0} 件あります（件数のみ集計）",
    ),
    ("{} further problems were counted but not kept", "ほかに {0} 件の問題があります（件数のみ集計）"),
    (
        "{} further events of rule {} were counted but not kept",
        "ルール {1} のイベントがほかに {0} 件あります（件数のみ集計）",
    ),
    // Compressed streams
    ("the {} stream ends early", "{0} ストリームが途中で終わっています"),
    (
        "the {} data is damaged at byte {} of the compressed stream; what stands before was used, what stands behind cannot be decoded",
        "{0} データが圧縮ストリームの {1} バイト目で破損しています。それより前は使用しましたが、後ろは展開できません",
    ),
    (
        "other data follows the {} stream at byte {}; it was left out",
        "{1} バイト目以降、{0} ストリームの後ろに別のデータがあり、除外しました",
    ),
    ("the {} header is damaged", "{0} ヘッダが破損しています"),
    ("the {} header is damaged ({})", "{0} ヘッダが破損しています（{1}）"),
    (
        "the last {} bytes of the compressed stream are zeros: a broken upload? What stands before was used",
        "圧縮ストリームの末尾 {0} バイトがゼロです（アップロードの失敗の可能性）。それより前は使用しました",
    ),
    (
        "the compressed data is damaged at byte {}; nothing in the {} bytes behind could be decoded",
        "圧縮データが {0} バイト目で破損しています。その後ろの {1} バイトは展開できませんでした",
    ),
    (
        "other data follows the gzip stream at byte {}; {} bytes of it were skipped, and reading went on behind",
        "{0} バイト目以降、gzip ストリームの後ろに別のデータがあります。{1} バイトをスキップし、その後ろから読み取りを続けました",
    ),
    (
        "the compressed data is damaged at byte {}; {} bytes of it were skipped, and reading went on behind",
        "圧縮データが {0} バイト目で破損しています。{1} バイトをスキップし、その後ろから読み取りを続けました",
    ),
    (
        "the checksum does not match: some of the bytes before are wrong",
        "チェックサムが一致しません。それより前のデータの一部が正しくありません",
    ),
    (
        "the checksum does not match: some of its bytes are wrong",
        "チェックサムが一致しません。データの一部が正しくありません",
    ),
    (
        "the compressed data is damaged; what stands before was used",
        "圧縮データが破損しています。それより前は使用しました",
    ),
    (
        "the compressed data is damaged; what stands before and behind was used",
        "圧縮データが破損しています。その前後は使用しました",
    ),
    (
        "the compressed data ends early; what stands before was used",
        "圧縮データが途中で終わっています。それより前は使用しました",
    ),
    (
        "it is a {} archive in place of a file, which is not read",
        "ファイルの代わりに {0} アーカイブが置かれており、読み取りの対象外です",
    ),
    // Archives
    (
        "the archive ends early; what stands before was used",
        "アーカイブが途中で終わっています。それより前は使用しました",
    ),
    (
        "the archive has no end mark: it may have been cut off between two members",
        "アーカイブに終端の印がありません。メンバーの間で切れている可能性があります",
    ),
    (
        "the last {} bytes are zeros: a broken upload? What stood there is missing, if anything did",
        "末尾 {0} バイトがゼロです（アップロードの失敗の可能性）。そこにあったデータは失われています",
    ),
    (
        "its last {} bytes are missing; what stands before was used",
        "末尾 {0} バイトが欠落しています。それより前は使用しました",
    ),
    (
        "its last {} stored bytes are missing; what stands before was used",
        "格納データの末尾 {0} バイトが欠落しています。それより前は使用しました",
    ),
    ("its end is missing; what stands before was used", "末尾が欠落しています。それより前は使用しました"),
    (
        "its last {} bytes are zeros: what stood there is missing",
        "末尾 {0} バイトがゼロです。そこにあったデータは失われています",
    ),
    (
        "{} headers, the first at byte {}, do not match their checksums; they were used as they stand",
        "{0} 個のヘッダ（最初は {1} バイト目）がチェックサムと一致しませんが、そのまま使用しました",
    ),
    (
        "the header at byte {} is damaged; {} bytes were skipped, and reading went on at the next member",
        "{0} バイト目のヘッダが破損しています。{1} バイトをスキップし、次のメンバーから読み取りを続けました",
    ),
    (
        "the header at byte {} is damaged, and no further member was found in the {} bytes behind",
        "{0} バイト目のヘッダが破損しており、その後ろの {1} バイトにメンバーは見つかりませんでした",
    ),
    (
        "behind the missing bytes {} more were skipped, and reading went on at the next member",
        "欠落したデータの後ろ {0} バイトをスキップし、次のメンバーから読み取りを続けました",
    ),
    (
        "{} bytes were skipped, and reading went on at the next member",
        "{0} バイトをスキップし、次のメンバーから読み取りを続けました",
    ),
    (
        "{} bytes of other data stand between two archives; reading went on behind them",
        "2 つのアーカイブの間に {0} バイトの別のデータがあります。その後ろから読み取りを続けました",
    ),
    (
        "its first {} bytes are of no archive that is known: damaged; what stands behind was read",
        "先頭の {0} バイトは既知のアーカイブ形式ではなく、破損しています。その後ろは読み取りました",
    ),
    (
        "the zip archive ends early: its directory is missing, and {} members were read by their own headers",
        "zip アーカイブが途中で終わっており、ディレクトリがありません。{0} 個のメンバーを個々のヘッダから読み取りました",
    ),
    (
        "the directory of the zip archive names {} members, and {} were found",
        "zip アーカイブのディレクトリには {0} 個のメンバーがありますが、見つかったのは {1} 個です",
    ),
    (
        "{} bytes from byte {} on are no zip; they were skipped, and reading went on behind",
        "{1} バイト目からの {0} バイトは zip ではありません。スキップし、その後ろから読み取りを続けました",
    ),
    (
        "{} bytes from byte {} on are no zip; they were left out",
        "{1} バイト目からの {0} バイトは zip ではないため、除外しました",
    ),
    (
        "it is damaged, and how long it is was not told; what stands before was used",
        "破損しており、長さの情報もありません。それより前は使用しました",
    ),
    ("its length does not agree with what stands behind it", "長さが後ろの記載と一致しません"),
    // Fragments
    (
        "fragment {} is missing; what stands before and behind was used",
        "断片 {0} が欠落しています。その前後は使用しました",
    ),
    (
        "fragments {} to {} are missing; what stands before and behind was used",
        "断片 {0} から {1} までが欠落しています。その前後は使用しました",
    ),
    (
        "a fragment of this number was there before; that one was used, and this was left out",
        "同じ番号の断片が既にあったため、先のものを使用し、これは除外しました",
    ),
    // Encrypted
    (
        "it is encrypted (a VMware envelope); the host's key opens it: crypto-util envelope extract on a host that has the key, or collect the bundle again with a password of its own",
        "暗号化されています（VMware エンベロープ）。鍵を持つホストで crypto-util envelope extract を実行するか、パスワードを指定してバンドルを再取得してください",
    ),
    (
        "it is an encrypted core dump; the host's key (of a VM's dump since 6.7: the VM's key) opens it: crypto-util envelope extract on a host that has the key, or collect the bundle again with a password of its own",
        "暗号化されたコア ダンプです。ホストの鍵（6.7 以降の仮想マシンのダンプでは仮想マシンの鍵）を持つホストで crypto-util envelope extract を実行するか、パスワードを指定してバンドルを再取得してください",
    ),
    (
        "the configuration of the virtual machine is encrypted; its key provider's key opens it",
        "仮想マシンの構成が暗号化されています。復号にはキー プロバイダの鍵が必要です",
    ),
    (
        "it is encrypted with openssl enc; the password and the cipher it was made with open it",
        "openssl enc で暗号化されています。復号には使用したパスワードと暗号方式が必要です",
    ),
    (
        "it is encrypted with OpenPGP; the recipient's private key or the password opens it: gpg -d",
        "OpenPGP で暗号化されています。復号には受信者の秘密鍵またはパスワードが必要です（gpg -d）",
    ),
    (
        "it is encrypted with age; the recipient's identity or the passphrase opens it: age -d",
        "age で暗号化されています。復号には受信者の鍵またはパスフレーズが必要です（age -d）",
    ),
    // What was given
    ("the file cannot be read: {}", "ファイルを読み取れません：{0}"),
    ("the folder cannot be listed: {}", "フォルダの一覧を取得できません：{0}"),
    ("the folder holds no bundle", "フォルダにバンドルがありません"),
    ("the file is empty: a broken upload?", "ファイルが空です（アップロードの失敗の可能性）"),
    ("the file is empty", "ファイルが空です"),
    (
        "the file holds nothing but zero bytes: a broken upload?",
        "ファイルの内容がすべてゼロです（アップロードの失敗の可能性）",
    ),
    (
        "it is called an archive and is none that is known: damaged?",
        "名前はアーカイブですが、既知の形式ではありません（破損の可能性）",
    ),
    (
        "it begins like no archive that is known: damaged, or encrypted as a whole; it was searched for what can be read",
        "先頭が既知のアーカイブ形式ではありません（破損、または全体の暗号化）。読み取れる部分を探しました",
    ),
    (
        "it begins like no archive that is known, and its bytes look random: encrypted as a whole, or its beginning is missing",
        "先頭が既知のアーカイブ形式ではなく、内容が乱数状です（全体の暗号化、または先頭の欠落）",
    ),
    (
        "neither an archive (tgz, tar, zip, zst, xz, bz2) nor a log that is known",
        "アーカイブ（tgz、tar、zip、zst、xz、bz2）でも、既知のログでもありません",
    ),
    ("it is {}, not a bundle", "バンドルではありません（{0}）"),
    (
        "a log beside bundles; give it by itself to have it read",
        "バンドルと並んだログです。読み取るには、このファイルを直接指定してください",
    ),
    ("no archive and no log; left out", "アーカイブでもログでもないため、除外しました"),
    (
        "neither a file nor a folder; a link is not followed: give what it leads to",
        "ファイルでもフォルダでもありません。リンクはたどらないため、リンク先を直接指定してください",
    ),
    (
        "a hidden file; give it by itself to have it read",
        "隠しファイルです。読み取るには、このファイルを直接指定してください",
    ),
    // Kept digests
    (
        "the kept digest is damaged and was not used; the bundle is read again where it is given",
        "保存済みのダイジェストが破損しているため使用しませんでした。バンドルが指定されていれば再度読み取ります",
    ),
    (
        "its kept digest is damaged, and the bundle is not there to be read again",
        "保存済みのダイジェストが破損しており、再度読み取るためのバンドルもありません",
    ),
    (
        "{} kept digests were made by other rules, limits or another version and were not used",
        "保存済みのダイジェスト {0} 個は、異なるルール、上限、またはバージョンで作成されたため使用しませんでした",
    ),
    (
        "{} kept digests are of bundle files that were replaced since, and were not used",
        "保存済みのダイジェスト {0} 個は、その後置き換えられたバンドルのものであるため使用しませんでした",
    ),
    (
        "it changed or could not be read to its end, so its digest was not kept",
        "読み取り中に変更されたか、最後まで読み取れなかったため、ダイジェストを保存しませんでした",
    ),
    (
        "a defect of esxray kept it from being read; please report the message on stderr",
        "esxray の不具合により読み取れませんでした。標準エラー出力のメッセージをご報告ください",
    ),
    (
        "{} could not be made: a defect of esxray; please report the message on stderr",
        "esxray の不具合により {0} を作成できませんでした。標準エラー出力のメッセージをご報告ください",
    ),
    (
        "no log, command output or configuration of ESXi or vCenter was found in it",
        "ESXi または vCenter Server のログ、コマンド出力、構成が見つかりませんでした",
    ),
    ("it was given twice and read once", "2 回指定されたため、1 回のみ読み取りました"),
    ("the same bundle as {}; it was counted once", "{0} と同じバンドルのため、1 回のみ計上しました"),
    (
        "{} members repeat others and were counted once; this one is {}",
        "{0} 個のメンバーが重複しており、1 回のみ計上しました（{1}）",
    ),
    (
        "{} members are listed again and were counted once, the last of each; this one is {}",
        "{0} 個のメンバーが複数回現れるため、それぞれ最後のもののみ計上しました（{1}）",
    ),
    (
        "{} outputs are of commands that were collected several times; each was counted once; this one is {}",
        "複数回取得されたコマンドの出力が {0} 個あり、それぞれ 1 回のみ計上しました（{1}）",
    ),
    (
        "reading it failed inside esxray; please report this",
        "esxray の内部エラーにより読み取れませんでした。開発元にご報告ください",
    ),
    // Limits
    (
        "it expands more than {} times (--max-ratio): taken for a decompression bomb, the rest was left out",
        "展開後のサイズが {0} 倍（--max-ratio）を超えたため、展開爆弾とみなし、残りを除外しました",
    ),
    (
        "it expands more than {} times (--max-ratio), as members before it do: taken for a decompression bomb and left out",
        "先のメンバーと同様に展開後のサイズが {0} 倍（--max-ratio）を超えるため、展開爆弾とみなして除外しました",
    ),
    (
        "{} members of it are decompression bombs (--max-ratio); the rest of it was left out",
        "メンバー {0} 個が展開爆弾（--max-ratio）のため、残りを除外しました",
    ),
    (
        "{} claims to be {} bytes long, and the limit is {} (--max-member-bytes); it was left out",
        "{0} のサイズは {1} バイトとされ、上限 {2}（--max-member-bytes）を超えるため、除外しました",
    ),
    (
        "it holds more than {} bundles (--max-bundles); {} files of further ones were left out",
        "バンドルが {0} 個（--max-bundles）を超えるため、残りのファイル {1} 個を除外しました",
    ),
    (
        "{} records were longer than {} bytes (--max-record-bytes) and were cut",
        "{0} 件のレコードが {1} バイト（--max-record-bytes）を超えるため、途中で切りました",
    ),
    (
        "the bundles hold more than {} events (--max-events): of each rule the first and the last {} of a bundle are kept, and the others are counted",
        "イベントが {0} 件（--max-events）を超えるため、ルールごとに各バンドルの最初と最後の {1} 件のみ保持し、残りは件数のみ集計しました",
    ),
    ("more than {}; the rest was left out", "上限を超えたため、残りを除外しました（上限：{0}）"),
    // Needs and bounds
    (
        "it needs {} KiB to be decoded, and the limit is {}; a larger --memory lets it be read",
        "展開に {0} KiB が必要ですが、上限は {1} です。--memory を大きくすると読み取れます",
    ),
    (
        "it needs a zstd window of {} bytes, and the limit is {}; a larger --memory lets it be read",
        "展開に {0} バイトの zstd ウィンドウが必要ですが、上限は {1} です。--memory を大きくすると読み取れます",
    ),
    (
        "a member's name is longer than {} bytes; it was left out",
        "メンバーの名前が {0} バイトを超えるため、除外しました",
    ),
    ("{} has a size that is no number; it was left out", "{0} のサイズが数値ではないため、除外しました"),
    (
        "too many fragmented files are open at once; this fragment of one that was closed was left out",
        "分割されたファイルが同時に多数あるため、先に閉じたファイルのこの断片を除外しました",
    ),
    (
        "too many fragmented files are open at once; this fragment was left out",
        "分割されたファイルが同時に多数あるため、この断片を除外しました",
    ),
    (
        "this fragment came when those behind it had been read, for want of memory (--memory); it was left out",
        "メモリ不足（--memory）のため後続の断片を先に読み取った後に現れた断片であり、除外しました",
    ),
    (
        "what is nested in it expands more than {} times in all (--max-ratio): taken for a decompression bomb, the rest was left out",
        "入れ子の内容の展開後のサイズが合計で {0} 倍（--max-ratio）を超えたため、展開爆弾とみなし、残りを除外しました",
    ),
    (
        "containers are nested deeper than {} (--max-depth); the rest was left out",
        "アーカイブの入れ子が {0} 段（--max-depth）を超えるため、残りを除外しました",
    ),
    (
        "longer than {} bytes (--max-member-bytes); the rest was left out",
        "{0} バイト（--max-member-bytes）を超えるため、残りを除外しました",
    ),
    (
        "more than {} members (--max-members); the rest was left out",
        "メンバーが {0} 個（--max-members）を超えるため、残りを除外しました",
    ),
    (
        "the folder lies more than {} folders deep and was not looked into",
        "フォルダが {0} 階層より深い位置にあるため、中を確認していません",
    ),
    ("neither a file nor a folder", "ファイルでもフォルダでもありません"),
    (
        "reading the file failed at byte {}: {}; what stands before was used",
        "ファイルの {0} バイト目で読み取りに失敗しました（{1}）。それより前は使用しました",
    ),
    (
        "reading it failed inside esxray; the rest of the bundle was read; please report this",
        "esxray の内部エラーにより読み取れませんでした。バンドルの残りは読み取りました。開発元にご報告ください",
    ),
    // Members and holes
    (
        "other data follows the gzip stream at byte {}; {} bytes of it were skipped, and reading went on behind",
        "{0} バイト目以降、gzip ストリームの後ろに別のデータがあります。{1} バイトをスキップし、その後ろから読み取りを続けました",
    ),
    (
        "the compressed data is damaged at byte {}; {} bytes of it were skipped, and reading went on behind",
        "圧縮データが {0} バイト目で破損しています。{1} バイトをスキップし、その後ろから読み取りを続けました",
    ),
    (
        "a PAX record before byte {} is malformed; what it says was used as far as it goes",
        "{0} バイト目より前の PAX レコードの形式が正しくありません。読み取れた部分のみ使用しました",
    ),
    ("the map of the sparse file {} is damaged", "スパース ファイル {0} のマップが破損しています"),
    (
        "bytes are missing in the middle of it, and up to {} at its end",
        "途中のデータが欠落しており、末尾も最大 {0} バイト欠落しています",
    ),
    ("bytes are missing in the middle of this fragment", "この断片の途中のデータが欠落しています"),
    (
        "behind the missing bytes no further member was found in {} bytes",
        "欠落したデータの後ろ {0} バイトにメンバーは見つかりませんでした",
    ),
    (
        "no further member was found in the {} bytes behind",
        "その後ろの {0} バイトにメンバーは見つかりませんでした",
    ),
    (
        "other data follows the archive; {} bytes were left out",
        "アーカイブの後ろに別のデータが {0} バイトあり、除外しました",
    ),
    (
        "it is compressed by method {} in a form that is not read",
        "圧縮方式 {0} の、対応していない形式で圧縮されています",
    ),
    (
        "{} members have names that lead out of the bundle (..); they were left out",
        "バンドルの外を指す名前（..）のメンバー {0} 個を除外しました",
    ),
    (
        "{} members have names longer than 65,536 bytes; they were left out",
        "名前が 65,536 バイトを超えるメンバー {0} 個を除外しました",
    ),
    (
        "{} members have names that are absolute, not printable or longer than 4,096 bytes; they were read",
        "名前が絶対パス、表示できない文字、または 4,096 バイト超のメンバーが {0} 個ありますが、読み取りました",
    ),
    (
        "{} members are device nodes or pipes; they were left out",
        "デバイス ノードまたはパイプのメンバー {0} 個を除外しました",
    ),
    (
        "{} files are protected by a password; unzip them with it and give the folder instead",
        "ファイル {0} 個がパスワードで保護されています。パスワードで展開し、そのフォルダを指定してください",
    ),
    // What was read and not understood
    (
        "{} events stand in logs without any time stamp and are not in the timeline",
        "{0} 件のイベントはタイムスタンプのないログにあるため、タイムラインに含まれていません",
    ),
    (
        "its records are not in the order of their time: {} are older than one before them",
        "レコードが時刻順ではありません（{0} 件が前のレコードより古い時刻です）",
    ),
    (
        "{} logs name no year, and nothing in the bundle tells it: their times are not known",
        "{0} 本のログに年の記載がなく、バンドルからも判断できないため、時刻は不明です",
    ),
    ("{} of its lines, of which bytes are missing, were left out", "一部が欠落した {0} 行を除外しました"),
    ("the JSON in it is not whole", "JSON が途中で終わっています"),
    ("the unicast list ends inside a row", "ユニキャスト リストが行の途中で終わっています"),
    ("ends inside a list of CPU features", "CPU 機能のリストの途中で終わっています"),
    (
        "{} members are listed where {} are counted",
        "メンバーは {1} 台とされていますが、リストには {0} 台あります",
    ),
];

/// Stands behind what is told of a compressed member, and the number of its bytes.
const USED: &str = " decoded bytes were used up to there";

/// `text`, which tells of a problem in English, in `lang`.
pub fn told(text: &str, lang: Lang) -> Cow<'_, str> {
    match lang {
        Lang::En => Cow::Borrowed(text),
        Lang::Ja => match text.strip_suffix(USED).and_then(|text| text.rsplit_once("; ")) {
            Some((text, bytes)) => Cow::Owned(format!(
                "{}。そこまでに展開できた {bytes} バイトは使用しました",
                in_japanese(text, true)
            )),
            None => in_japanese(text, true),
        },
    }
}

fn in_japanese(text: &str, is_outer: bool) -> Cow<'_, str> {
    let found = FORMS.iter().find_map(|(form, told)| Some((told, values(form, text)?)));
    let Some((told, values)) = found else { return Cow::Borrowed(text) };
    // A value may be a problem itself, that something was said behind.
    let values: Vec<Cow<'_, str>> = values
        .into_iter()
        .map(|value| if is_outer { in_japanese(value, false) } else { Cow::Borrowed(value) })
        .collect();
    Cow::Owned(fill(told, &values.iter().map(Cow::as_ref).collect::<Vec<_>>()))
}

/// What stands in `text` in the places of `form`; `None` where it is not of that form.
fn values<'t>(form: &str, text: &'t str) -> Option<Vec<&'t str>> {
    let mut stretches = form.split("{}");
    let mut rest = text.strip_prefix(stretches.next()?)?;
    let mut stretches = stretches.peekable();
    let mut found = Vec::new();
    while let Some(stretch) = stretches.next() {
        let is_last = stretches.peek().is_none();
        let (value, behind) = match is_last {
            true => (rest.strip_suffix(stretch)?, ""),
            false => rest.split_once(stretch)?,
        };
        if value.is_empty() {
            return None;
        }
        found.push(value);
        rest = behind;
    }
    rest.is_empty().then_some(found)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    #[track_caller]
    fn check(text: &str, japanese: &str) {
        assert_eq!(told(text, Lang::Ja), japanese);
        assert_eq!(told(text, Lang::En), text);
    }

    #[test]
    fn problems_are_told_in_japanese_with_their_values() {
        check("the gzip stream ends early", "gzip ストリームが途中で終わっています");
        check(
            "the gzip stream ends early; 512 decoded bytes were used up to there",
            "gzip ストリームが途中で終わっています。そこまでに展開できた 512 バイトは使用しました",
        );
        check(
            "fragments 2 to 4 are missing; what stands before and behind was used",
            "断片 2 から 4 までが欠落しています。その前後は使用しました",
        );
        check(&crate::bundle::missing_fragments(1, 1), "断片 1 が欠落しています。その前後は使用しました");
        check("said by nobody", "said by nobody");
    }

    #[test]
    fn every_form_is_told_with_all_its_values() {
        for (form, _) in FORMS {
            let text = form.replace("{}", "77");
            let japanese = told(&text, Lang::Ja);
            let count = |text: &str| text.matches("77").count();
            assert_eq!(count(&japanese), count(&text), "{form}: {japanese}");
            assert!(!japanese.contains('{') && !japanese.is_ascii(), "{form}: {japanese}");
        }
    }

    /// Every file below a folder of the program but this one, its literals without breaks.
    fn source(below: &str) -> Vec<String> {
        let mut files = Vec::new();
        let mut folders = vec![PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src")).join(below)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).expect("the source").map(|entry| entry.expect("an entry"))
            {
                let path = entry.path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|is| is == "rs")
                    && !path.ends_with("report/problem.rs")
                {
                    let text = std::fs::read_to_string(&path).expect("UTF-8");
                    files.push(text.split("\\\n").map(str::trim_start).collect::<Vec<_>>().concat());
                }
            }
        }
        files
    }

    /// The sentences among the literals of a file, `{}` for each value; its tests and comments are left out.
    fn sentences(file: &str) -> Vec<String> {
        let code = file.split("#[cfg(test)]\nmod tests").next().unwrap_or(file);
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let literals = lines.flat_map(|line| line.split('"').skip(1).step_by(2));
        let is_sentence = |text: &&str| {
            text.matches(' ').count() >= 3 && text.starts_with(|c: char| c.is_lowercase() || c == '{')
        };
        literals.filter(is_sentence).map(without_values).collect()
    }

    /// `it is {what}` as `it is {}`.
    fn without_values(text: &str) -> String {
        let mut pieces = text.split('{');
        let first = pieces.next().unwrap_or_default().to_owned();
        pieces.fold(first, |out, piece| {
            let behind = piece.split_once('}').map_or(piece, |(_, behind)| behind);
            format!("{out}{{}}{behind}")
        })
    }

    #[test]
    fn every_problem_that_the_program_says_has_a_form() {
        // Said to who writes esxray, not to who reads a report.
        let inner = ["the filler ends where the data begins"];
        // Names of formats stand in a form as they are; and what is counted stands in a form of its own.
        let parts = ["an ISO 9660 image", "a file of compress (.Z)", "{} {} (the first: {})"];
        let mut wanting = Vec::new();
        for file in ["bundle", "engine"].into_iter().flat_map(source) {
            for text in sentences(&file) {
                // Some are put together from parts.
                let part = text.trim_start_matches("{}");
                let is_told = FORMS.iter().skip(1).any(|(form, _)| {
                    form.contains(part) || values(form, &text.replace("{}", "77")).is_some()
                });
                if !is_told && ![&inner[..], &parts].concat().contains(&text.as_str()) {
                    wanting.push(text);
                }
            }
        }
        assert!(wanting.is_empty(), "{wanting:#?}");
    }

    #[test]
    fn every_form_is_one_that_the_program_says() {
        let source = source("").concat();
        for (form, _) in FORMS {
            let longest = form.split("{}").max_by_key(|stretch| stretch.len()).expect("one at least");
            // Two of these are put together from parts.
            let part = longest.split(" at byte ").next().unwrap_or(longest);
            let part = part.split("; this one").next().unwrap_or(part).trim_matches(|c| " ;(:".contains(c));
            let part = part.trim_start_matches("is ").trim_start_matches("are ");
            assert!(source.contains(part), "{form}: {part:?} is said nowhere");
        }
    }
}
