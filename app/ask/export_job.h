#pragma once

#include <QObject>
#include <QThreadPool>
#include <memory>
#include <stop_token>

#include "app/ask/figure.h"

namespace lvr {

enum class ExportFormat { Png, Svg, Gif, Csv, Json };
QString endingOf(ExportFormat format);  // "png"

struct ExportChoice {
    ExportFormat format = ExportFormat::Png;
    FigureChoice figure;     // of a PNG or SVG, and of each frame of a GIF
    int milliseconds = 700;  // a frame of a GIF
};

// Any thread. The whole file as it is to be written; empty when stopped. Throws Error.
QByteArray exportBytes(const Trace& trace, const ExportChoice& choice,
                       const std::function<void(int done)>& onFrame = {},
                       const std::stop_token& stop = {});

// Draws, encodes and writes away from the GUI thread, one file at a time; every signal comes on the
// GUI thread. The file holds all of it or what it held before.
class ExportJob : public QObject {
    Q_OBJECT
public:
    explicit ExportJob(QObject* parent = nullptr);
    ~ExportJob() override;  // stops and waits

    void start(std::shared_ptr<const Trace> trace, const ExportChoice& choice, const QString& file);
    void cancel();

Q_SIGNALS:
    void progressed(int frames);
    void written(const QString& file);
    void failed(const QString& sentence);
    void cancelled();

private:
    void report(std::function<void()> report);

    QThreadPool pool_;
    std::stop_source stop_;
};

}  // namespace lvr
