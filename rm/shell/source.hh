// A document that is shown, and when there is another.
#pragma once

#include <memory>
#include <string>

#include "rm/cib/document.hh"

namespace gyre::rm::shell {

class Source {
 public:
  virtual ~Source() = default;

  // Throws Refused.
  virtual Document read() = 0;
  // What there is to say besides; of the last read().
  virtual std::string notice() { return {}; }
  // Returns once there was a change since the source was opened, or since the last call; only of
  // one that was opened to be watched.
  virtual void wait() = 0;
};

// Of a file; if none is named of the one that CIB_file names, else of the running resource manager.
// Throws Refused.
std::unique_ptr<Source> open_source(const std::string& file, bool watched);

}  // namespace gyre::rm::shell
