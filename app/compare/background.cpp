#include "app/compare/background.h"

#include <QMetaObject>
#include <exception>
#include <new>
#include <utility>

namespace lvr {

Background::Background(QObject* parent) : QObject(parent) { pool_.setMaxThreadCount(1); }

Background::~Background() { pool_.waitForDone(); }

void Background::run(std::function<Report()> job, std::function<void(const QString&)> failed) {
    pool_.start([this, job = std::move(job), failed = std::move(failed)] {
        Report report;
        try {
            report = job();
        } catch (const std::bad_alloc&) {
            report = [failed] { failed(tr("There is not enough memory for this file.")); };
        } catch (const std::exception& error) {
            report = [failed, sentence = QString::fromUtf8(error.what())] { failed(sentence); };
        }
        QMetaObject::invokeMethod(this, std::move(report));
    });
}

}  // namespace lvr
