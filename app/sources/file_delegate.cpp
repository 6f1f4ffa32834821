#include "app/sources/file_delegate.h"

#include <QApplication>
#include <QPainter>

#include "app/sources/file_model.h"
#include "app/sources/thumbnails.h"

namespace lvr {
namespace {

constexpr int kPicture = 96;  // pixels
constexpr int kMargin = 6;

void paintPicture(QPainter& painter, const QRect& where, const QImage& picture) {
    QSizeF size = picture.size();
    if (size.width() > where.width() || size.height() > where.height())
        size.scale(where.size(), Qt::KeepAspectRatio);
    QRectF to(QPointF(), size);
    to.moveCenter(QRectF(where).center());
    painter.drawImage(to, picture);
}

// In the frame of the picture that is not there.
void paintInstead(QPainter& painter, const QRect& where, const QString& text, bool problem) {
    painter.setPen(QPen(painter.pen().color(), 1, problem ? Qt::DashLine : Qt::DotLine));
    painter.drawRect(where.adjusted(10, 18, -11, -19));
    painter.drawText(where.adjusted(12, 0, -12, 0), Qt::AlignCenter | Qt::TextWordWrap, text);
}

void paintBadge(QPainter& painter, const QRect& where, const QString& text) {
    QFont font = painter.font();
    font.setPointSizeF(font.pointSizeF() * 0.8);
    painter.setFont(font);
    QRect badge(QPoint(), QFontMetrics(font).size(0, text) + QSize(8, 2));
    badge.moveTopRight(where.topRight());
    painter.setPen(Qt::NoPen);
    painter.setBrush(QColor(0, 0, 0, 170));
    painter.drawRoundedRect(badge, 3, 3);
    painter.setPen(Qt::white);
    painter.drawText(badge, Qt::AlignCenter, text);
}

}  // namespace

QSize FileDelegate::sizeHint(const QStyleOptionViewItem& option, const QModelIndex&) const {
    return {kPicture + 2 * kMargin, kPicture + 3 * kMargin + option.fontMetrics.height()};
}

void FileDelegate::paint(QPainter* painter, const QStyleOptionViewItem& option,
                         const QModelIndex& index) const {
    const auto& model = static_cast<const FileModel&>(*index.model());
    const BrowsedFile& file = model.file(index.row());
    const Thumbnail* thumbnail = model.thumbnail(index.row());
    QStyleOptionViewItem box = option;
    box.text.clear();
    box.widget->style()->drawPrimitive(QStyle::PE_PanelItemViewItem, &box, painter, box.widget);
    painter->save();
    painter->setRenderHints(QPainter::SmoothPixmapTransform | QPainter::Antialiasing);
    const bool selected = option.state & QStyle::State_Selected;
    const QColor ink = option.palette.color(selected ? QPalette::HighlightedText : QPalette::Text);
    painter->setPen(ink);
    const QRect picture(option.rect.x() + (option.rect.width() - kPicture) / 2,
                        option.rect.y() + kMargin, kPicture, kPicture);
    if (thumbnail && !thumbnail->picture.isNull())
        paintPicture(*painter, picture, thumbnail->picture);
    else
        paintInstead(*painter, picture, thumbnail ? tr("can't be read") : QStringLiteral("…"),
                     thumbnail != nullptr);
    QFont font = option.font;
    font.setBold(file.path == openFile_);
    painter->setFont(font);
    painter->setPen(ink);
    const QRect name(option.rect.x() + 3, picture.bottom() + kMargin, option.rect.width() - 6,
                     option.fontMetrics.height() + 2);
    painter->drawText(name, Qt::AlignCenter,
                      QFontMetrics(font).elidedText(file.name, Qt::ElideMiddle, name.width()));
    if (isTraceName(file.name)) paintBadge(*painter, picture, tr("trace"));
    painter->restore();
    if (option.state & QStyle::State_HasFocus) {
        QStyleOptionFocusRect focus;
        focus.QStyleOption::operator=(option);
        option.widget->style()->drawPrimitive(QStyle::PE_FrameFocusRect, &focus, painter,
                                              option.widget);
    }
}

}  // namespace lvr
