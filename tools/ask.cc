#include "tools/ask.hh"

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
