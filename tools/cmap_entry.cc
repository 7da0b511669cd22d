#include "tools/cmap_entry.hh"

#include <fmt/format.h>

#include <charconv>

namespace gyre::tools {

CmapEntry read_entry(const Json& answer) {
  return {answer.at("key").get<std::string>(), answer.at("type").get<std::string>(),
          answer.at("value").get<std::string>()};
}

std::vector<CmapEntry> read_entries(const Common& common, const std::string& map,
                                    const std::string& prefix) {
  std::vector<CmapEntry> entries;
  const Json answer = ask(common, "cmap.list", {map, prefix});
  for (const Json& entry : answer.at("entries")) entries.push_back(read_entry(entry));
  return entries;
}

std::string to_hex(std::string_view bytes) {
  std::string hex;
  for (const char c : bytes) hex += fmt::format("{:02x}", c & 0xff);
  return hex;
}

std::string from_hex(std::string_view hex) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
    unsigned char byte = 0;
    std::from_chars(hex.data() + i, hex.data() + i + 2, byte, 16);
    bytes += static_cast<char>(byte);
  }
  return bytes;
}

std::string escaped(const std::string& hex) {
  std::string text;
  for (const char letter : from_hex(hex)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte == '\\')
      text += "\\\\";
    else if (byte >= ' ' && byte < 0x7f)
      text += letter;
    else
      text += fmt::format("\\x{:02X}", byte);
  }
  return text;
}

std::string plain_text(const CmapEntry& entry, bool quiet, bool binary) {
  const bool bytes = entry.type == "bin";
  const std::string value = !bytes ? entry.value : binary ? escaped(entry.value) : "";
  if (quiet) return value;
  if (bytes && !binary) return fmt::format("{} (bin)", entry.key);
  return fmt::format("{} ({}) = {}", entry.key, entry.type, value);
}

Json json_of(const CmapEntry& entry) {
  Json value = entry.value;
  if (entry.type != "str" && entry.type != "bin")
    if (Json number = Json::parse(entry.value, nullptr, false); number.is_number())
      value = std::move(number);
  return {{"key", entry.key}, {"type", entry.type}, {"value", std::move(value)}};
}

}  // namespace gyre::tools
