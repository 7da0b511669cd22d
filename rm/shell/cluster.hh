// The cluster as its commands see it: a document that is read, and changes that are asked for.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "rm/cib/difference.hh"
#include "rm/cib/document.hh"
#include "rm/cib/requests.hh"

namespace gyre::rm::shell {

// Why it was not done, for the person who asked; and the exit status of the command.
class Refused : public std::runtime_error {
 public:
  Refused(int exit, const std::string& why) : std::runtime_error(why), exit_(exit) {}
  int exit() const noexcept { return exit_; }

 private:
  int exit_;
};
// Somebody changed it since it was read: read again.
class Stale : public Refused {
 public:
  using Refused::Refused;
};

class Cluster {
 public:
  virtual ~Cluster() = default;

  virtual Document read() = 0;
  // Each returns once it is so, and throws Refused.
  virtual void change(const Difference&) = 0;
  virtual void change(const AttributeChange&) = 0;
  virtual void clean_up(const Cleanup&) = 0;
  // As the node calls itself.
  virtual std::string local_node() = 0;
};

// How long each question to the cluster may take, and a change with all its attempts.
std::chrono::milliseconds patience() noexcept;
void set_patience(std::chrono::milliseconds) noexcept;

// Of the file that CIB_file names, if it is set; else of the running resource manager.
std::unique_ptr<Cluster> open_cluster();

// Reads the document, lets `edit` change it, raises its version and asks for that; again from the
// beginning if somebody was faster. What would not be a configuration is refused.
void make_change(Cluster&, const std::function<void(Document&)>& edit);

// The exit status of what a command does; what is refused is told on standard error.
int run_command(const char* command, const std::function<void()>& what);

}  // namespace gyre::rm::shell
