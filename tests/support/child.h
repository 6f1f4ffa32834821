// A second process of a test: a copy of this one that does one thing.
#pragma once

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <QtGlobal>
#include <exception>
#include <utility>

// It lives at most as long as this object and as this process: one that outlives a failed test
// keeps the output open that ctest reads to its end.
class Child {
public:
    template <class Work>
    explicit Child(const Work& work) : id_(fork()) {
        if (id_ < 0) qFatal("no second process");
        if (id_ > 0) return;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        try {
            work();
        } catch (const std::exception& error) {
            qWarning("%s", error.what());
            _exit(1);
        }
        _exit(0);
    }
    Child(Child&& other) noexcept : id_(std::exchange(other.id_, 0)) {}
    Child& operator=(Child&&) = delete;
    ~Child() { kill(); }

    pid_t id() const { return id_; }
    void wait() {
        if (id_ > 0) waitpid(std::exchange(id_, 0), nullptr, 0);
    }
    void kill() {
        if (id_ > 0) ::kill(id_, SIGKILL);
        wait();
    }

private:
    pid_t id_;
};
