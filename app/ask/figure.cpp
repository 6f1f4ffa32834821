#include "app/ask/figure.h"

#include <QBuffer>
#include <QFileInfo>
#include <QFontMetricsF>
#include <QGuiApplication>
#include <QPainter>
#include <QSvgGenerator>
#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "core/trace/gif_file.h"
#include "core/trace/trace_csv.h"
#include "core/trace/trace_export.h"
#include "core/trace/trace_json.h"
#include "widgets/heat_paint.h"
#include "widgets/latent/latent_state.h"
#include "widgets/qt_image.h"

namespace lvr {
namespace {

constexpr double kMargin = 16, kGap = 12, kLegend = 90, kBar = 14;
constexpr double kNarrowest = 460;  // so that a caption is read in few lines
constexpr double kShape = 1.5;      // of a block of steps
constexpr int kSvgScale = 2;
const QColor kInk(25, 25, 25), kNearestInk(255, 112, 67);

QFont textFont() {
    QFont font = QGuiApplication::font();
    font.setPixelSize(13);
    return font;
}

double lineHeight() { return QFontMetricsF(textFont()).height(); }

HeatPictureChoice withoutRois(HeatPictureChoice choice) {  // they are drawn as lines here
    choice.rois = false;
    return choice;
}

QRectF part(const QRectF& whole, const Box& box) {
    return {whole.x() + box.x0 * whole.width(), whole.y() + box.y0 * whole.height(),
            (box.x1 - box.x0) * whole.width(), (box.y1 - box.y0) * whole.height()};
}

// Of a folder the last part says which it is.
QString modelName(const std::string& model) {
    const QString name = QString::fromStdString(model);
    return name.startsWith('/') ? QFileInfo(name).fileName() : name;
}

QString fromUtf8(std::string_view text) {
    return QString::fromUtf8(text.data(), static_cast<qsizetype>(text.size()));
}

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

}  // namespace

HeatPictureChoice pictureAsSeen(const LatentViewState& view) {
    return {.image = view.image,
            .shown = view.shown,
            .limits = view.limits,
            .look = view.look,
            .heat = view.heat,
            .rois = view.rois};
}

Figure::Figure(const Trace& trace, const FigureChoice& choice)
    : trace_(trace), choice_(choice), pictures_(trace, withoutRois(choice.picture)) {
    arrange();
}

// ---- Where everything goes ----

void Figure::arrange() {
    const Image& picture = pictures_.picture();
    const PictureSize size = choice_.allSteps ? smallFigureSize(picture, 1)
                             : choice_.small  ? animationSize(picture)
                                              : figureSize(picture, 1);
    const int count = choice_.allSteps ? std::max(pictures_.count(), 1) : 1;
    const int columns = columnsFor(count, size, kShape);
    const double label = choice_.allSteps ? lineHeight() + 2 : 0;
    for (int i = 0; i < count; ++i)
        places_.emplace_back(kMargin + i % columns * (size.width + kGap),
                             kMargin + label + i / columns * (size.height + label + kGap),
                             size.width, size.height);
    const double right = places_[std::min(columns, count) - 1].right();
    const double bottom = places_.back().bottom();
    const bool legend = choice_.picture.heat && pictures_.count() > 0;
    if (legend)
        legend_ = {right + kMargin, places_.front().top(), kLegend,
                   std::min(260.0, bottom - places_.front().top())};
    double width = (legend ? legend_.right() : right) + kMargin;
    if (choice_.caption) width = std::max(width, kNarrowest);
    caption_ = {kMargin, bottom + kGap, width - 2 * kMargin, 0};
    caption_.setHeight(choice_.caption ? captionHeight() : 0);
    whole_ = QSizeF(width, (choice_.caption ? caption_.bottom() : bottom) + kMargin).toSize();
}

// Room for the longest, so that the frames of an animation are of one size.
double Figure::captionHeight() const {
    double height = 0;
    for (int step = -1; step < pictures_.count(); ++step)
        height = std::max(height, QFontMetricsF(textFont())
                                      .boundingRect(caption_.adjusted(0, 0, 0, 1e6),
                                                    Qt::TextWordWrap, caption(step))
                                      .height());
    return height;
}

QString Figure::caption(int step) const {
    QString text;
    if (!trace_.question.text.empty())
        text = QString::fromStdString(trace_.question.text).simplified();
    if (!trace_.answer.empty())
        text += QObject::tr("  →  %1").arg(QString::fromStdString(trace_.answer).simplified());
    if (trace_.expectedAnswer)
        text += QObject::tr("  (right: %1)").arg(QString::fromStdString(*trace_.expectedAnswer));
    QStringList facts;
    if (!trace_.model.empty()) facts << modelName(trace_.model);
    facts << (trace_.method.empty()
                  ? QObject::tr("exit %1").arg(QString::fromStdString(toText(trace_.options.exit)))
                  : QString::fromStdString(trace_.method));
    if (choice_.allSteps) facts << QObject::tr("%1 latent steps").arg(pictures_.count());
    if (step >= 0 && !choice_.allSteps) {
        const LatentStep& latent = latentOf(*latentSteps(trace_)[step]);
        facts << QObject::tr("latent step %1 of %2").arg(step + 1).arg(pictures_.count());
        facts << QObject::tr("norm %1").arg(latent.norm, 0, 'f', 2);
        if (!std::isnan(latent.endProbability))
            facts << QObject::tr("P(end) %1").arg(latent.endProbability, 0, 'f', 3);
    }
    return text + (text.isEmpty() ? "" : "\n") + facts.join(" · ");
}

// ---- Drawing ----

QSize Figure::pixels() const { return (whole_ * choice_.scale).toSize(); }

QImage Figure::image(int step) const {
    QImage image(pixels(), QImage::Format_RGB888);
    image.fill(Qt::white);
    QPainter painter(&image);
    painter.scale(choice_.scale, choice_.scale);
    paint(painter, step, choice_.scale);
    return image;
}

QByteArray Figure::svg() const {
    QByteArray bytes;
    QBuffer buffer(&bytes);
    QSvgGenerator generator;
    generator.setOutputDevice(&buffer);
    generator.setResolution(96);  // a unit is a pixel, as browsers have it
    generator.setSize(whole_.toSize());
    generator.setViewBox(QRectF(QPointF(), whole_));
    generator.setTitle(QString::fromStdString(trace_.question.text).simplified());
    QPainter painter(&generator);
    painter.fillRect(QRectF(QPointF(), whole_), Qt::white);
    paint(painter, choice_.step, kSvgScale);
    painter.end();
    return bytes;
}

void Figure::paint(QPainter& painter, int step, int rasterScale) const {
    painter.setRenderHints(QPainter::Antialiasing | QPainter::TextAntialiasing);
    painter.setFont(textFont());
    for (int i = 0; i < static_cast<int>(places_.size()); ++i) {
        const QRectF& where = places_[i];
        const int shown = choice_.allSteps ? std::min(i, pictures_.count() - 1) : step;
        paintPicture(painter, where, shown, rasterScale);
        if (!choice_.allSteps) continue;
        painter.setPen(kInk);
        painter.drawText(
            QRectF(where.x(), where.y() - lineHeight() - 2, where.width(), lineHeight()),
            Qt::AlignLeft | Qt::AlignVCenter, QObject::tr("step %1").arg(i + 1));
    }
    if (!legend_.isNull()) paintLegend(painter);
    painter.setPen(kInk);
    if (choice_.caption) painter.drawText(caption_, Qt::TextWordWrap, caption(step));
}

void Figure::paintPicture(QPainter& painter, const QRectF& where, int step, int rasterScale) const {
    const PictureSize size{static_cast<int>(where.width()) * rasterScale,
                           static_cast<int>(where.height()) * rasterScale};
    painter.drawImage(where, toQImage(pictures_.draw(step, size)));
    if (step >= 0) paintNearest(painter, where, step);
    if (choice_.picture.rois) paintRois(painter, where);
}

void Figure::paintRois(QPainter& painter, const QRectF& where) const {
    painter.setBrush(Qt::NoBrush);
    for (std::size_t i = 0; i < trace_.rois.size(); ++i) {
        if (trace_.rois[i].image != choice_.picture.image) continue;
        const QRectF box = part(where, trace_.rois[i]);
        painter.setPen(QPen(QColor(0, 0, 0, 190), 4));
        painter.drawRect(box);
        painter.setPen(QPen(Qt::white, 2));
        painter.drawRect(box);
        const QString number = QString::number(i + 1);
        const QFontMetricsF metrics(painter.font());
        const QRectF tag(box.topLeft(),
                         QSizeF(metrics.horizontalAdvance(number) + 8, metrics.height()));
        painter.fillRect(tag, Qt::white);
        painter.setPen(kInk);
        painter.drawText(tag, Qt::AlignCenter, number);
    }
}

void Figure::paintNearest(QPainter& painter, const QRectF& where, int step) const {
    const int image = choice_.picture.image;
    if (image >= static_cast<int>(trace_.grids.size())) return;
    const PatchGrid grid = trace_.grids[image];
    painter.setPen(QPen(kNearestInk, 3));
    painter.setBrush(Qt::NoBrush);
    const LatentStep& latent = latentOf(*latentSteps(trace_)[step]);
    for (const Patch& patch : nearestPatches(trace_, latent, image, choice_.nearest))
        painter.drawRect(
            part(where, {double(patch.col) / grid.cols, double(patch.row) / grid.rows,
                         double(patch.col + 1) / grid.cols, double(patch.row + 1) / grid.rows}));
}

void Figure::paintLegend(QPainter& painter) const {
    const HeatScale& scale = pictures_.maps().scale;
    const double line = lineHeight();
    painter.setPen(kInk);
    painter.drawText(QRectF(legend_.topLeft(), QSizeF(kLegend, line)), Qt::AlignLeft,
                     fromUtf8(nameOf(choice_.picture.shown.mode)));
    const QRectF bar(legend_.x(), legend_.y() + 1.6 * line, kBar, legend_.height() - 2.4 * line);
    paintHeatBar(painter, bar, Qt::Vertical, scale, choice_.picture.look);
    const auto label = [&](double y, float value) {
        const QString sign = scale.isSigned && value > 0 ? "+" : "";
        painter.drawText(QRectF(bar.right() + 6, y - line / 2, kLegend, line),
                         Qt::AlignLeft | Qt::AlignVCenter,
                         sign + QString::number(value, 'f', scale.decimals));
    };
    label(bar.top(), scale.hot);
    label(bar.center().y(), (scale.cold + scale.hot) / 2);
    label(bar.bottom(), scale.cold);
}

// ---- Files ----

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

}  // namespace lvr
