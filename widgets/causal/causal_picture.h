#pragma once

#include <QImage>
#include <QWidget>
#include <vector>

#include "core/trace/heat_look.h"
#include "core/values/image.h"

namespace lvr {

// The picture with the heat of what is chosen, the regions to look at, and the visual token that is
// pointed at.
class CausalPicture : public QWidget {
    Q_OBJECT
public:
    explicit CausalPicture(QWidget* parent = nullptr);

    void setPicture(const QImage& picture);  // null: there is none
    void setGrid(PatchGrid grid);            // of the heat and the tokens
    void setRegions(const std::vector<Box>& regions);
    // heat: [grid.count()], empty: none. caption: what it is of, for a person.
    void showHeat(const std::vector<float>& heat, const QString& caption);
    void lightToken(int token);  // -1: none
    int litToken() const { return lit_; }
    const QString& caption() const { return caption_; }
    bool showsHeat() const { return !heat_.isNull(); }
    QRectF pictureRect() const;
    QSize sizeHint() const override { return {280, 260}; }
    QSize minimumSizeHint() const override { return {150, 120}; }

Q_SIGNALS:
    void tokenPointedAt(int token);  // -1: none any more

protected:
    void paintEvent(QPaintEvent* event) override;
    void mouseMoveEvent(QMouseEvent* event) override;
    void leaveEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;

private:
    QRectF part(const Box& box) const;
    int tokenAt(const QPointF& at) const;
    void point(int token);
    void paintMarks(QPainter& painter) const;

    QImage picture_, heat_;
    PatchGrid grid_;
    std::vector<Box> regions_;
    QString caption_;
    int lit_ = -1;
};

// From the least to the largest of them.
HeatScale spanOf(const std::vector<float>& heat);

}  // namespace lvr
