#include "rampart/reply/words.h"

#include <cstddef>

#include "rampart/base/text.h"

namespace rampart::reply {
namespace {

// "?" stands for a letter that a server or an MTA could not write.
constexpr std::string_view kMailbox =
    "user|recipient|rcpt|mail[- ]?box|account|acct|inbox|address|mail-?id|e-?mail id|subscriber|"
    "customer|member\\b|alias|local[- ]part|mail ?drop|maildir|mail ?folder|person\\b|individual|"
    "employee|"
    "benutzer|empf(?:ä|ae|a|\\?+)nger|postfach|konto|adress|"
    "utilisateur|destinat|bo(?:î|i|\\?+)te|compte|"
    "usu(?:á|a|\\?+)rio|buz(?:ó|o|\\?+)n|cuenta|casilla|direcci|utente|casella|indirizzo|caixa|"
    "conta\\b|endere|"
    "u(?:ż|z|ž|\\?+)ytkownik|odbiorc|adresat|skrzynk|adres\\b|gebruiker|ontvanger|postbus|"
    "u(?:ž|z)ivatel|schr(?:á|a)nk|anv(?:ä|a)ndare|mottagare|kullan|"
    "пользовател|получател|ящик|адрес|абонент|"
    "bruger|bruker|modtager|mottaker|k(?:ä|a|\\?+)ytt(?:ä|a|\\?+)j|vastaanottaj|felhaszn|"
    "c(?:í|i|\\?+)mzett|utilizator|pengguna|penerima|사용자|수신자|메일함|계정|"
    "用户|收件人|邮箱|信箱|账号|帳號|使用者|地址|ユーザ|宛先|メールボックス|受信者|アドレス";

constexpr std::string_view kMissing =
    "unknown|un-?recogni[sz]ed|"
    "(?:not|isn.?t|wasn.?t|cannot|can.?t|couldn.?t|could not|unable to|nobody)(?: be| been| a)? "
    "(?:found|find|known|exist|valid|recogni[sz]ed|listed|registered|local|locate|defined|"
    "resolved|looked up|verif|a user|a customer|on (?:this|our|the) (?:server|system|list)|"
    "here|in (?:our|the|my|this|ldap|any|director|database))|"
    "does ?n.?t exist|does not exist|do not exist|did not exist|doesn.?t have a|does not have a|"
    "no such|(?:not|n.?t) match|no match|no result|not present|no record of|never heard of|"
    "invalid|non-?exist|in-?exist|unregistered|not-?found|look ?up failed|never existed|"
    "unbekannt|gibt es (?:hier )?nicht|"
    "nicht (?:bekannt|gefunden|vorhanden|existent|zugestellt)|existiert nicht|"
    "ung(?:ü|ue|\\?+)ltig|"
    "inconnu|existe pas|introuvable|aucune?\\b|invalide|non trouv|"
    "desconocid|no existe|no (?:fue |ha sido |se )?encontr|"
    "no v(?:á|a)lid|inv(?:á|a|\\?+)lid|desconhecid|"
    "n(?:ã|a|\\?+)o (?:existe|encontrad|foi encontr)|"
    "sconosciut|inesist|non (?:(?:è|e|\\?+) )?(?:esist|trovat|valid|present|stat)|nessun|"
    "nieznan|nie (?:istnieje|ma\\b|znaleziono)|niepoprawn|onbekend|bestaat niet|niet gevonden|"
    "ok(?:ä|a|\\?+)nd|finns (?:inte|ej)|neexist|nezn(?:á|a)m|"
    "не (?:найден|существует|зарегистр|обнаруж|значится)|нет "
    "тако(?:го|й)|неизвест|недействител|отсутствует|"
    "uk(?:en|jen)dt?\\b|fin(?:des|nes) ikke|eksisterer ikke|tuntematon|ei (?:ole|l(?:ö|o|\\?+)yd)|"
    "nincs ilyen|ismeretlen|nem l(?:é|e|\\?+)tez|necunoscut|nu exist|bulunamad|bulunmuyor|mevcut "
    "de|"
    "tidak (?:ada|ditemukan|dikenal)|없|존재하지|알 수|"
    "不存在|无效|無效|未找到|不正确|没有|沒有|存在しま|存在しな|不明|見つかり";

constexpr std::string_view kFull =
    "full\\b|over ?-?(?:quota|limit|size|drawn|flow|its|the|his|their|allocat|storage)|"
    "quota|exceed|out of (?:space|storage|disk|quota)|no (?:more )?(?:space|room)|"
    "not enough (?:space|storage|room)|insufficient|too (?:large|big|many (?:mails|messages))|"
    "exhaust|used up|at (?:full |its )?capacity|ceiling|allotted|"
    "reached (?:its|the|his|their) |storage (?:limit|full|space)|"
    "\\bvoll\\b|(?:ü|ue)berf(?:ü|ue)llt|(?:ü|ue|\\?+)berschritten|ersch(?:ö|oe)pft|"
    "\\bpleine?\\b|satur|d(?:é|e)pass|llen[oa]\\b|excedi|super(?:ad|ó)|cheia\\b|lotad|"
    "pien[ao]\\b|esaurit|superat|pe(?:ł|l|\\?+)n[aey]\\b|przepe|przekrocz|zape(?:ł|l)nion|"
    "\\bvol\\b|"
    "переполнен|превышен|заполнен|"
    "已满|已滿|超过|超出|空间不足|いっぱい|超え|容量";

constexpr std::string_view kOff =
    "disabled|in-?active|not active|de-?activated|suspended|closed|expired|discontinued|locked\\b|"
    "frozen|archived|terminated|cancell?ed|deleted|removed|retired|dormant|abandoned|unused|"
    "obsolete|decommission|de-?provision|\\bended\\b|switched off|turned off|withdrawn|\\bbarred|"
    "ceased|lapsed|out of (?:use|service)|taken down|shut ?down|deceased|"
    "passed away|blocked|on hold|"
    "no longer (?:in use|active|valid|available|accept|monitored|on\\b|exist|used|work|employ|"
    "with|here|associated|receiv|in service|supported|maintained)|"
    "not (?:been |yet )?(?:activated|enabled|in use)|never (?:been )?(?:activated|logged)|"
    "temporarily (?:disabled|inactive)|"
    "gesperrt|deaktiviert|stillgelegt|gel(?:ö|oe)scht|nicht mehr|"
    "d(?:é|e)sactiv|suspendu|bloqu|ferm(?:é|e)|supprim|inactif|"
    "desactiv|desativ|suspendid|bloquead|cancelad|inactiv|inativ|cerrad|eliminad|"
    "disattivat|sospes|disabilitat|bloccat|chius|non attiv|scadut|"
    "nieaktywn|zablokowan|zawieszon|usuni|wy(?:ł|l)(?:ą|a)czon|geblokkeerd|opgeheven|"
    "заблокирован|отключен|неактив|удал(?:ён|ен)|закрыт|"
    "禁用|停用|冻结|已被锁|注销|過期|过期|無効|停止";

constexpr std::string_view kOrigin =
    "\\b(?:ip|address|network|hosting|cloud) (?:range|block|space)s?\\b|"
    "\\b[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\b|"
    "(?:your|the|this|that|sending|sender.?s?|client|remote|source|originating|connecting|"
    "peer|smtp|mail) ?(?:e-?mail |mail |smtp |internet |ip |address )?"
    "(?:ip\\b|ip-?addr|ips\\b|ip address|host\\b|server|network|isp\\b|mta\\b|mail ?server|"
    "mailserver|hostname|netblock|subnet|range|domain|relay|machine|provider|gateway|client)";

constexpr std::string_view kSender =
    "sender|envelope[- ]?from|from[: ]{1,2}(?:address|domain|header|field)|"
    "\"?from\"? (?:address|domain)|return[- ]?(?:path|address)|reverse[- ]?path|originator|"
    "5322\\.?from|5321\\.?from|absender|exp(?:é|e|\\?+)diteur|remitente|remetente|mittente|nadawc|"
    "afzender|отправител|发件人|寄件|送信者|差出人";

constexpr std::string_view kMessage =
    "messages?\\b|e-?mails?\\b|mails?\\b|msg\\b|content|body|courriel|nachricht|mensaje|mensagem|"
    "messaggi|wiadomo|bericht|письмо|сообщени|邮件|郵件|メール|メッセージ|信件|post\\b|submission|"
    "transmission|data\\b";

constexpr std::string_view kRefused =
    "reject|refus|den(?:y|ied|ies)|block|declin|not (?:be )?(?:accept|allow|permit|welcom|deliver|"
    "want|trust)|unaccept|prohibit|forbid|disallow|ban(?:ned)?\\b|bounced?\\b|discard|dropped|"
    "won.?t accept|may not (?:send|connect|deliver|mail|submit)|will not accept|do(?:es)? not "
    "accept|abgelehnt|abgewiesen|verweigert|gesperrt|"
    "refus(?:é|e)|rejet|rechazad|denegad|se encuentra "
    "en|bloquead|rejeitad|recusad|respint|rifiutat|odrzucon|"
    "geweigerd|отклон|запрещ|отказ|заблок|拒绝|拒絕|被拒|拒收|拒否";

constexpr std::string_view kMany =
    "too (?:many|much|fast|quick|often|frequent|high)|exceed|excess|over (?:the|its|your)|"
    "maximum|limit|quota|unusual|"
    "zu viele|trop de|demasiad|muit[ao]s|troppi|troppe|zbyt wiele|te veel|"
    "слишком|превыш|太多|过多|過多|頻繁|频繁|超过|超出";

struct WordGroup {
  std::string_view name;  // "mailbox", written {mailbox} in a pattern
  std::string_view pattern;
};

constexpr WordGroup kGroups[] = {
    {"..", "(?:[^.]|\\.[^ ]|\\.\\.\\. )*"},  // anything within one sentence
    {"mailbox", kMailbox},                   // the recipient: user, mailbox, account, address
    {"missing", kMissing},                   // does not exist
    {"full", kFull},                         // is full, over its quota
    {"off", kOff},                           // is disabled, closed, no longer used
    {"origin", kOrigin},                     // the host, network or domain that sends
    {"sender", kSender},                     // the sender's address or domain
    {"message", kMessage},                   // the message
    {"refused", kRefused},                   // is refused, blocked, not accepted
    {"many", kMany},                         // too many, too fast, above a limit
};

}  // namespace

base::Result<std::string> expand_words(std::string_view pattern) {
  std::string out;
  out.reserve(pattern.size());
  for (std::size_t at = 0; at < pattern.size();) {
    const char c = pattern[at];
    if (c == '\\' && at + 1 < pattern.size()) {
      out.append(pattern, at, 2);
      at += 2;
      continue;
    }
    const bool group = c == '{' && at + 1 < pattern.size() && !base::is_digit(pattern[at + 1]) &&
                       pattern[at + 1] != ',';
    const std::size_t end = group ? pattern.find('}', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += c;
      ++at;
      continue;
    }
    const std::string_view name = pattern.substr(at + 1, end - at - 1);
    const WordGroup* found = nullptr;
    for (const WordGroup& candidate : kGroups) {
      found = candidate.name == name ? &candidate : found;
    }
    if (found == nullptr) {
      return base::Error{base::Error::Kind::InvalidInput,
                         "there is no word group {" + std::string(name) + '}'};
    }
    out.append("(?:").append(found->pattern).append(")");
    at = end + 1;
  }
  return out;
}

}  // namespace rampart::reply
