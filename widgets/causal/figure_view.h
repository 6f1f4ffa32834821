#pragma once

#include <QByteArray>
#include <QColor>
#include <QImage>
#include <QWidget>

class QPainter;

namespace lvr {

// The colours of a figure: those of the window, or black on white for a file.
struct FigureInk {
    QColor ground, ink, dim, accent;
    bool dark = false;
    static FigureInk of(const QPalette& palette);
    static FigureInk onPaper();
};

// A picture of numbers that is drawn alike on screen and into files. It says what is missing while
// it has none.
class FigureView : public QWidget {
    Q_OBJECT
public:
    // id: by which the palette knows its commands; name: for a person.
    FigureView(const QString& id, const QString& name, QWidget* parent = nullptr);

    void setEmptyText(const QString& text);
    const QString& emptyText() const { return emptyText_; }
    virtual bool isEmpty() const = 0;
    QImage image(QSize size, double scale) const;  // on paper
    QByteArray svg(QSize size, const QString& description) const;
    QSize sizeHint() const override { return {420, 240}; }
    QSize minimumSizeHint() const override { return {160, 110}; }

protected:
    virtual void draw(QPainter& painter, const QRectF& space, const FigureInk& ink) const = 0;
    // What stands in the tool tip at a place; empty: nothing.
    virtual QString explain(const QPointF& at) const = 0;
    void paintEvent(QPaintEvent* event) override;
    bool event(QEvent* event) override;

private:
    QString emptyText_;
};

}  // namespace lvr
