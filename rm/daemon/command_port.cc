#include "rm/daemon/command_port.hh"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "rm/control/checks.hh"

namespace gyre::rm::daemon {

namespace {

using nlohmann::json;

std::string dump(const json& object) {
  return object.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string refused(std::string_view why) {
  return dump({{"refused", why}, {"stale", false}, {"at_risk", false}});
}

local::Server::Settings settings_of(const CommandPort::Settings& settings) {
  local::Server::Settings all;
  all.path = settings.path;
  all.group = settings.group;
  if (!settings.group.empty()) all.admit = local::admit_group(local::group_named(settings.group));
  all.limits.frame_max = document_size_max;
  return all;
}

// What a program may ask for; the rest members say among themselves.
bool may_be_asked(const control::Message& message) {
  return std::holds_alternative<control::Configure>(message) ||
         std::holds_alternative<AttributeChange>(message) ||
         std::holds_alternative<Cleanup>(message) ||
         std::holds_alternative<control::Confirm>(message);
}

}  // namespace

CommandPort::CommandPort(local::Loop& loop, Settings settings, control::Control& control,
                         std::function<void()> asked,
                         std::function<void(const std::string&)> trouble)
    : node_(settings.node),
      control_(control),
      asked_(std::move(asked)),
      server_(loop, settings_of(settings),
              {.opened = [](local::Connection&) {},
               .frame = [this](local::Connection& who, std::string_view what) { take(who, what); },
               .closed = [this](local::Connection& who, const std::string&) { forget(who); },
               .trouble = std::move(trouble)}) {}

void CommandPort::take(local::Connection& connection, std::string_view payload) {
  if (auto envelope = control::decode(payload)) {
    if (!may_be_asked(envelope->message))
      return connection.send(refused("that is said between nodes only"));
    if (auto why = control::check(control_.document(), envelope->message))
      return connection.send(refused(*why));
    if (control::encode(0, envelope->message).size() > bus_message_max)
      return connection.send(refused("this is too much for one change; make it in several"));
    waiting_[control_.ask(std::move(envelope->message))] = &connection;
    return asked_();
  }
  const json question = json::parse(payload, nullptr, false);
  const std::string kind = question.is_object() ? question.value("kind", "") : "";
  if (kind == "document") {
    std::string reply = who();
    reply += '\0';
    reply += control_.document().text();
    connection.send(reply);
  } else if (kind == "who") {
    connection.send(who());
  } else if (kind == "watch") {
    watchers_.insert(&connection);
    connection.send(who());
  } else {
    connection.send(refused("this resource manager does not know the question"));
  }
}

void CommandPort::forget(local::Connection& connection) {
  watchers_.erase(&connection);
  std::erase_if(waiting_, [&](const auto& each) { return each.second == &connection; });
}

std::string CommandPort::change() const {
  return fmt::format("{} {} {}", control::to_text(control_.view().place),
                     control_.cib().attribute("epoch").value(),
                     control_.cib().attribute("num_updates").value());
}

std::string CommandPort::who() const {
  return dump(
      {{"node", node_}, {"settled", control_.settled()}, {"change", change()}, {"aside", aside_}});
}

void CommandPort::answer(const control::Output::Answer& answer) {
  const auto found = waiting_.find(answer.request);
  if (found == waiting_.end()) return;
  found->second->send(
      dump({{"refused", answer.refused}, {"stale", answer.stale}, {"at_risk", answer.at_risk}}));
  waiting_.erase(found);
}

void CommandPort::tell_watchers() {
  if (watchers_.empty()) return;
  std::string now = change();
  if (now == told_) return;
  told_ = std::move(now);
  for (local::Connection* each : watchers_) each->send(who());
}

}  // namespace gyre::rm::daemon
