#include "rm/local/loop.hh"

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>

#include <csignal>
#include <ctime>
#include <memory>
#include <system_error>

namespace gyre::rm::local {
namespace {

void check(int result, const char* call) {
  if (result < 0) throw std::system_error(-result, std::generic_category(), call);
}

// sd-event keeps a source until its callback is over, even if it is ended within; so does the
// function that it calls.
template <typename Function, typename Add>
Source add(Function function, const char* call, Add add) {
  auto kept = std::make_unique<Function>(std::move(function));
  sd_event_source* source = nullptr;
  check(add(&source, kept.get()), call);
  Source owner(source);
  check(sd_event_source_set_destroy_callback(
            source, [](void* data) { delete static_cast<Function*>(data); }),
        "sd_event_source_set_destroy_callback");
  kept.release();
  return owner;
}

void call(void* data) {
  (*static_cast<Loop::Callback*>(data))();
}

}  // namespace

void Source::enable(bool on) {
  check(sd_event_source_set_enabled(source_, on ? SD_EVENT_ON : SD_EVENT_OFF),
        "sd_event_source_set_enabled");
}

void Source::wait_for(std::uint32_t events) {
  check(sd_event_source_set_io_events(source_, events), "sd_event_source_set_io_events");
}

void Source::in(Duration wait) {
  check(sd_event_source_set_time_relative(source_, static_cast<std::uint64_t>(wait.count())),
        "sd_event_source_set_time_relative");
  check(sd_event_source_set_enabled(source_, SD_EVENT_ONESHOT), "sd_event_source_set_enabled");
}

Loop::Loop() {
  check(sd_event_new(&event_), "sd_event_new");
}

Source Loop::io(int descriptor, std::uint32_t events, std::function<void(std::uint32_t)> ready) {
  using Ready = decltype(ready);
  return add(std::move(ready), "sd_event_add_io", [&](sd_event_source** source, void* data) {
    return sd_event_add_io(
        event_, source, descriptor, events,
        [](sd_event_source*, int, std::uint32_t found, void* function) {
          (*static_cast<Ready*>(function))(found);
          return 0;
        },
        data);
  });
}

Source Loop::timer(Callback callback) {
  Source source =
      add(std::move(callback), "sd_event_add_time", [&](sd_event_source** made, void* data) {
        return sd_event_add_time(
            event_, made, CLOCK_MONOTONIC, UINT64_MAX, 1000,
            [](sd_event_source*, std::uint64_t, void* function) {
              call(function);
              return 0;
            },
            data);
      });
  source.enable(false);
  return source;
}

Source Loop::later(Callback callback) {
  // A deferred source is once by nature, but enable() would make it one that never rests.
  Source source =
      add(std::move(callback), "sd_event_add_defer", [&](sd_event_source** made, void* data) {
        return sd_event_add_defer(
            event_, made,
            [](sd_event_source* self, void* function) {
              sd_event_source_set_enabled(self, SD_EVENT_OFF);
              call(function);
              return 0;
            },
            data);
      });
  source.enable(false);
  return source;
}

Source Loop::signal(int number, Callback callback) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  check(-pthread_sigmask(SIG_BLOCK, &set, nullptr), "pthread_sigmask");
  return add(std::move(callback), "sd_event_add_signal", [&](sd_event_source** made, void* data) {
    return sd_event_add_signal(
        event_, made, number,
        [](sd_event_source*, const signalfd_siginfo*, void* function) {
          call(function);
          return 0;
        },
        data);
  });
}

Source Loop::appears(const char* directory, std::function<void(const char*)> appeared) {
  using Appeared = decltype(appeared);
  return add(std::move(appeared), "sd_event_add_inotify", [&](sd_event_source** made, void* data) {
    return sd_event_add_inotify(
        event_, made, directory, IN_CREATE | IN_MOVED_TO | IN_ONLYDIR,
        [](sd_event_source*, const inotify_event* event, void* function) {
          (*static_cast<Appeared*>(function))(event->len ? event->name : "");
          return 0;
        },
        data);
  });
}

void Loop::run() {
  check(sd_event_loop(event_), "sd_event_loop");
}

void Loop::end() {
  check(sd_event_exit(event_, 0), "sd_event_exit");
}

void Loop::turn(Duration patience) {
  check(sd_event_run(event_, static_cast<std::uint64_t>(patience.count())), "sd_event_run");
}

}  // namespace gyre::rm::local
