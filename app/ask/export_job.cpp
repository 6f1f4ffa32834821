#include "app/ask/export_job.h"

#include <QBuffer>
#include <QImageWriter>
#include <QMetaObject>
#include <new>
#include <span>

#include "core/error.h"
#include "core/files/atomic_file.h"
#include "core/trace/gif_file.h"
#include "core/trace/trace_csv.h"
#include "core/trace/trace_json.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

QByteArray png(const QImage& image) {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    if (image.isNull() || !image.save(&buffer, "PNG"))
        throw Error("there is not enough memory for a figure of this size; choose a smaller one");
    return bytes;
}

QByteArray gif(const Trace& trace, const ExportChoice& choice,
               const std::function<void(int)>& onFrame, const std::stop_token& stop) {
    const Figure figure(trace, choice.figure);
    const int frames = static_cast<int>(latentSteps(trace).size());
    if (frames == 0) throw Error("the answer has no latent steps, so there is nothing to animate");
    const auto bytes = encodeGif({.frames = frames,
                                  .frame = [&](int step) { return toImage(figure.image(step)); },
                                  .milliseconds = choice.milliseconds},
                                 onFrame, stop);
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<qsizetype>(bytes.size())};
}

void write(const QByteArray& bytes, const QString& file) {
    writeFileAtomically(file.toStdU16String(),
                        {std::as_bytes(std::span(bytes.constData(), bytes.size()))});
}

}  // namespace

QString endingOf(ExportFormat format) {
    switch (format) {
        case ExportFormat::Png:
            return "png";
        case ExportFormat::Svg:
            return "svg";
        case ExportFormat::Gif:
            return "gif";
        case ExportFormat::Csv:
            return "csv";
        case ExportFormat::Json:
            return "json";
    }
    return {};
}

QByteArray exportBytes(const Trace& trace, const ExportChoice& choice,
                       const std::function<void(int)>& onFrame, const std::stop_token& stop) {
    switch (choice.format) {
        case ExportFormat::Png:
            return png(Figure(trace, choice.figure).image());
        case ExportFormat::Svg:
            return Figure(trace, choice.figure).svg();
        case ExportFormat::Gif:
            return gif(trace, choice, onFrame, stop);
        case ExportFormat::Csv:
            return QByteArray::fromStdString(toCsv(trace));
        case ExportFormat::Json:
            return QByteArray::fromStdString(toJsonText(trace));
    }
    return {};
}

ExportJob::ExportJob(QObject* parent) : QObject(parent) { pool_.setMaxThreadCount(1); }

ExportJob::~ExportJob() {
    stop_.request_stop();
    pool_.waitForDone();
}

void ExportJob::report(std::function<void()> report) {
    QMetaObject::invokeMethod(this, std::move(report));
}

void ExportJob::start(std::shared_ptr<const Trace> trace, const ExportChoice& choice,
                      const QString& file) {
    stop_ = {};
    pool_.start([this, trace = std::move(trace), choice, file, stop = stop_.get_token()] {
        const auto onFrame = [this](int done) {
            report([this, done] { Q_EMIT progressed(done); });
        };
        try {
            const QByteArray bytes = exportBytes(*trace, choice, onFrame, stop);
            if (stop.stop_requested()) return report([this] { Q_EMIT cancelled(); });
            write(bytes, file);
            report([this, file] { Q_EMIT written(file); });
        } catch (const std::bad_alloc&) {
            report([this] { Q_EMIT failed(tr("There is not enough memory for this export.")); });
        } catch (const std::exception& error) {
            report([this, sentence = QString::fromUtf8(error.what())] { Q_EMIT failed(sentence); });
        }
    });
}

void ExportJob::cancel() { stop_.request_stop(); }

}  // namespace lvr
