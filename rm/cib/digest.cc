#include "rm/cib/digest.hh"

#include <md5.h>

#include <algorithm>
#include <string>

#include "rm/cib/values.hh"

namespace gyre::rm {

namespace {

// Not only what XML needs: line ends and the like become text, DEL its number. Bytes beyond ASCII
// stay.
void append_escaped(std::string& text, std::string_view value) {
  for (const char c : value) switch (c) {
      case '<':
        text += "&lt;";
        break;
      case '>':
        text += "&gt;";
        break;
      case '&':
        text += "&amp;";
        break;
      case '"':
        text += "&quot;";
        break;
      case '\'':
        text += "&apos;";
        break;
      case '\t':
        text += "    ";
        break;
      case '\n':
        text += "\\n";
        break;
      case '\r':
        text += "\\r";
        break;
      case '\x7f':
        text += "\\177";
        break;
      default:
        text += c;
    }
}

bool is_parameter(std::string_view name) {
  return !name.starts_with("CRM_meta_") && name != "id" && name != "crm_feature_set" &&
         name != "op-digest" && name != "on_node" && name != "on_node_uuid" &&
         name != "pcmk_external_ip";
}

// A parameter of a fence device that the fencer itself reads.
bool is_for_fencer(std::string_view name) {
  constexpr std::array<std::string_view, 9> names = {
      "provides",       "stonith-timeout", "pcmk_host_list",
      "pcmk_host_map",  "pcmk_host_check", "pcmk_host_argument",
      "pcmk_delay_max", "pcmk_delay_base", "pcmk_action_limit"};
  return std::ranges::find(names, name) != names.end() ||
         (name.starts_with("pcmk_") &&
          (name.ends_with("_action") || name.ends_with("_timeout") || name.ends_with("_retries")));
}

template <typename Keep>
Digest digest_of(const Attributes& parameters, Keep keep) {
  std::string text = " <parameters";
  for (const auto& [name, value] : parameters) {
    if (!keep(name)) continue;
    text.append(" ").append(name).append("=\"");
    append_escaped(text, value);
    text += '"';
  }
  return md5(text += "/>\n");
}

// In a list of words between blanks.
bool lists(std::string_view list, std::string_view word) {
  for (auto at = list.find(word); at != list.npos; at = list.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || list[at - 1] == ' ') && (end == list.size() || list[end] == ' ')) return true;
  }
  return false;
}

}  // namespace

Digest md5(std::string_view text) {
  std::array<unsigned char, MD5_DIGEST_LENGTH> bytes;
  MD5_CTX context;
  MD5Init(&context);
  MD5Update(&context, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  MD5Final(bytes.data(), &context);
  Digest result;
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    result.hex[2 * i] = digits[bytes[i] >> 4];
    result.hex[2 * i + 1] = digits[bytes[i] & 15];
  }
  return result;
}

Digest digest(const Attributes& parameters, std::string_view timeout_ms) {
  if (timeout_ms.empty()) return digest_of(parameters, is_parameter);
  constexpr std::string_view timeout_name = "CRM_meta_timeout";
  Attributes with_timeout = parameters;
  with_timeout.set(timeout_name, timeout_ms);
  return digest_of(with_timeout, [&](std::string_view name) {
    return is_parameter(name) || name == timeout_name;
  });
}

Consequence change(pugi::xml_node record, const Attributes& parameters, std::string_view timeout_ms,
                   bool sanitized) {
  const auto has = [&](const char* attribute, const Digest& now) {
    return now.view() == record.attribute(attribute).value();
  };
  if (sanitized && record.attribute("op-secure-digest")) {
    const std::string_view secrets = record.attribute("op-secure-params").value();
    const std::string_view standard = record.parent().attribute("class").value();
    const bool without_fencers =
        standard == "stonith" &&
        compare_versions(record.attribute("crm_feature_set").value(), "3.16.0") < 0;
    const auto shown = digest_of(parameters, [&](std::string_view name) {
      return is_parameter(name) && !lists(secrets, name) &&
             !(without_fencers && is_for_fencer(name));
    });
    if (has("op-secure-digest", shown)) return Consequence::none;
  }
  const auto restarting = record.attribute("op-force-restart");
  const bool reloads = restarting && record.attribute("op-restart-digest");
  if (reloads) {
    const auto listed = digest_of(parameters, [&](std::string_view name) {
      return is_parameter(name) && lists(restarting.value(), name);
    });
    if (!has("op-restart-digest", listed)) return Consequence::restart;
  }
  if (has("op-digest", digest(parameters, timeout_ms))) return Consequence::none;
  return reloads ? Consequence::reload : Consequence::restart;
}

}  // namespace gyre::rm
