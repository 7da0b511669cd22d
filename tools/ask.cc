#include "tools/ask.hh"

#include <fmt/format.h>

#include <stdexcept>

namespace gyre::tools {

Json read_answer(const std::string& text, const std::string& question) {
  Json answer = Json::parse(text, nullptr, false);
  if (!answer.is_object())
    throw std::runtime_error("gyred's answer to \"" + question + "\" is not a JSON object");
  return answer;
}

Json ask(const Common& common, const std::string& question, const Words& arguments) {
  return read_answer(client::Connection::query(question, common.options(), arguments), question);
}

std::string plain(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return value.dump();
  std::string all;
  for (const Json& entry : value) all += (all.empty() ? "" : ",") + plain(entry);
  return all;
}

void print_facts(const Json& object, const std::string& prefix) {
  for (const auto& [key, value] : object.items()) {
    if (value.is_object())
      print_facts(value, prefix + key + ".");
    else
      fmt::print("{:<32} {}\n", prefix + key, plain(value));
  }
}

std::string ring_id(const Json& ring) {
  return fmt::format("{:x}.{:x}", ring.at("representative").get<std::uint32_t>(),
                     ring.at("seq").get<std::uint64_t>());
}

CsError cs_error(const client::Error& error) {
  switch (error.code()) {
    case client::ErrorCode::timed_out:
      return {"CS_ERR_TIMEOUT", 5};
    case client::ErrorCode::refused:
      return {"CS_ERR_ACCESS", 11};
    default:
      return {"CS_ERR_LIBRARY", 2};
  }
}

}  // namespace gyre::tools
