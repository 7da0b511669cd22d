// Where the commands of operators ask: a socket, one frame per question and one per answer.
//
// A question is an object of JSON. {"kind": "document"} is answered by the document, "who" by what
// this node is, with the files of what was set aside here, and "watch" by a frame at once and
// whenever the document has changed since the last one was taken. What is to change is asked for as
// members say it to each other (control/messages), and answered when it is so: {"refused": WHY,
// "stale": BOOL, "at_risk": BOOL}. Behind an object, after a zero byte, may come text.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "rm/control/control.hh"
#include "rm/local/server.hh"

namespace gyre::rm::daemon {

class CommandPort {
 public:
  struct Settings {
    std::string path;   // of the socket
    std::string group;  // who may: besides root and the cluster's user
    std::string node;
  };

  // `asked`: something was, and the control has output.
  CommandPort(local::Loop&, Settings, control::Control&, std::function<void()> asked,
              std::function<void(const std::string&)> trouble);

  void answer(const control::Output::Answer&);
  // The configuration of another side than the one that counts is in this file.
  void set_aside(const std::string& path) { aside_.insert(path); }
  // Tells those who watch, if it has changed.
  void tell_watchers();

 private:
  void take(local::Connection&, std::string_view payload);
  void forget(local::Connection&);
  std::string who() const;
  std::string change() const;

  std::string node_;
  control::Control& control_;
  std::function<void()> asked_;
  std::map<std::uint64_t, local::Connection*> waiting_;
  std::set<local::Connection*> watchers_;
  std::set<std::string> aside_;
  std::string told_;  // the last change that watchers know of
  local::Server server_;
};

}  // namespace gyre::rm::daemon
