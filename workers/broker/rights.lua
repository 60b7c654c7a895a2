-- Which of these commands may our user not run?
-- KEYS: any of ours.  ARGV: commands with what follows them, % stands for the key.
-- Returns their numbers.
local denied = {}
for number, line in ipairs(ARGV) do
  local words = {}
  for word in string.gmatch(line, '%S+') do
    words[#words + 1] = word == '%' and KEYS[1] or word
  end
  if not redis.acl_check_cmd(unpack(words)) then denied[#denied + 1] = number end
end
return denied
